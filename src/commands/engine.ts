/**
 * `wingman engine …`: the flight loop, started by the supervisor and by nobody else. Start-up
 * happens here: everything is made, sized and warmed, what an earlier run left is removed, and then
 * the loop takes over and never returns to Bun's event loop.
 */

import { fullGC } from "bun:jsc";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FunctionTable } from "../allocation/function-table.ts";
import { policyNamed } from "../allocation/policies.ts";
import { EVENT_INPUTS, EVENT_RECORD } from "../boundary/event-queue.ts";
import { passOn } from "../boundary/heard-servers.ts";
import type { Identity } from "../boundary/identity.ts";
import { LEASE_KIND_NAMES, type LeaseKindName } from "../boundary/lease-kind.ts";
import {
  LOG_ARP_UNGUARDED,
  LOG_LEASE_KIND,
  LOG_LEFTOVERS,
  LOG_NO_PROGRAMS,
  LOG_NOT_REALTIME,
  LOG_WATCHDOG_NO_TIMEOUT,
  LOG_WATCHDOG_RESET,
} from "../boundary/maintenance-code.ts";
import { timingOf } from "../boundary/timing.ts";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { systemId, tableDigest } from "../config/digest.ts";
import { functionTableOf } from "../config/function-table.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig, Vip } from "../config/model.ts";
import { decodeKeys } from "../config/start-keys.ts";
import { Engine } from "../core/engine.ts";
import { ENDED_LEFT, ENDED_LET_GO } from "../core/turn.ts";
import { Announcer } from "../io/announcer.ts";
import { installArpGuard, othersAnswerArp, removeArpGuard } from "../io/arp-guard.ts";
import { isFirstInBoot } from "../io/boot-note.ts";
import { ClientNotices } from "../io/client-notices.ts";
import { RecordSocket, socketPair } from "../io/control-socket.ts";
import { errno, SystemError } from "../io/errno.ts";
import { FilterReports } from "../io/filter-reports.ts";
import { HardwareWatchdog } from "../io/hardware-watchdog.ts";
import { KeepAliveSeal } from "../io/keep-alive-seal.ts";
import { KeepAliveSocket } from "../io/keep-alive-socket.ts";
import { libc, MSG_DONTWAIT } from "../io/libc.ts";
import { type HardwareParts, LifeSigns, type ServiceParts } from "../io/life-signs.ts";
import { LinkMonitor } from "../io/link-monitor.ts";
import { FlightLoop } from "../io/loop.ts";
import { MappedFile } from "../io/mapped-file.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { MulticastSocket } from "../io/multicast-socket.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { NeighbourWatch } from "../io/neighbour-watch.ts";
import { NetworkObserver } from "../io/network-observer.ts";
import {
  becomeRealtimeWithThreads,
  FLIGHT_PRIORITY,
  keepCpuAwake,
  lockMemory,
  setTimerSlack,
} from "../io/realtime.ts";
import { RenewalProcess } from "../io/renewal-process.ts";
import { ServiceSocket } from "../io/service-socket.ts";
import { chooseGuard, type VipGuard } from "../io/vip-guard.ts";
import { VipService } from "../io/vip-service.ts";
import { VipSwitcher } from "../io/vip-switcher.ts";
import { ANNOUNCE_REPEAT_MS, HARDWARE_FEEDINGS, SERVICE_FEEDINGS } from "../limits.ts";
import { warmUp } from "../rehearsal/warm-up.ts";
import { BUILD, buildNumbers } from "../reporting/build.ts";
import { ConditionReport } from "../reporting/condition-report.ts";
import { DecisionReport } from "../reporting/decision-report.ts";
import { FaultBoard } from "../reporting/fault-board.ts";
import { Redundancy } from "../reporting/redundancy.ts";
import { ServiceReport } from "../reporting/service-report.ts";
import { heardBefore, StatusWriter } from "../reporting/status.ts";
import { FeedingRhythm } from "../reporting/watchdog.ts";
import { EXIT_RELEASED } from "../supervisor/engine-restarts.ts";
import { cleanEnvironment, ownCommand, REALTIME_COMPILERS } from "../supervisor/own-executable.ts";
import { AddressRenewal, addressLifetimeS } from "../upkeep/address-renewal.ts";
import { inputsHold, inputsWithheld } from "../wire/control.ts";
import { nothingFilter } from "../wire/packet-program.ts";
import {
  STATUS_BYTES,
  STATUS_FLAG_LEASE,
  STATUS_FLAG_LEASE_MISSING,
  STATUS_FLAG_REALTIME,
  statusLeaseKind,
} from "../wire/status-snapshot.ts";

/** Two keys and their lengths, with room. */
const KEYS_BYTES_MAX = 4096;
/** In the run directory: which programs in the kernel are ours. */
const PROGRAM_RECORD = "vip-programs";
/** Likewise: in which boot it was told that the watchdog had reset the machine. */
const RESET_NOTE = "watchdog-reset";
/** In which boot the times in the status are. */
const HEARD_NOTE = "status-boot";

export async function engine(args: string[]): Promise<number> {
  const options = readOptions(args);
  const { config, self, incarnation, runDirectory } = options;
  // Should the supervisor die, its end of the control socket closes: the loop then lets go and says
  // good-bye. A signal at the parent's death would end this process with its VIPs up.
  if (process.ppid !== options.parent) return EXIT_FAILED;
  const seal = sealOf(options.keysFd);

  const identity = identityOf(config, self, incarnation);
  const table = functionTableOf(config);
  const { periodMs, lostAfterPeriods, recoveredAfterPeriods } = config.keepAlive;
  const stopGraceMs = config.functions.reduce(
    (longest, entry) => Math.max(longest, entry.stopGraceMs),
    0,
  );

  // What an earlier run left goes before anything else.
  const vips = config.functions.map((entry) => entry.vips);
  const ipv6Count = vips.flat().filter(({ family }) => family === 6).length;
  const switcher = new VipSwitcher(
    config.clients.interface,
    vips,
    addressLifetimeS(periodMs * lostAfterPeriods, ipv6Count),
  );
  const leftovers = switcher.removeLeftovers();

  const guard = chooseGuard(config, vips, join(runDirectory, PROGRAM_RECORD));
  const timing = timingOf(
    ...([periodMs, lostAfterPeriods, recoveredAfterPeriods, stopGraceMs] as const),
    ...([guard.leaseMs, guard.ticksMs, config.clients.leaseBridges] as const),
  );
  const policy = policyNamed(config.allocation);
  const renewals = renewalProcess(options.source);
  const filterReports = watchProcess(config.clients.interface, guard);
  warmUp(table, policy, timing);
  const unguarded = guardArp(config, vips);
  const { interfaces, group, port } = config.keepAlive;
  const networks = interfaces.map((name) => new KeepAliveSocket(name, group, port));
  const noticeSocket = new MulticastSocket({
    interfaceName: config.clients.interface,
    group: config.clients.noticeGroup,
    port: config.clients.noticePort,
    filter: nothingFilter(),
  });
  const supervisor = RecordSocket.inherited(options.controlFd);
  const commands = RecordSocket.bound(join(runDirectory, "engine.sock"));
  const watched = [...new Set([config.clients.interface, ...interfaces])];
  const links = new LinkMonitor(watched, vips);

  const announcer = new Announcer(config.clients.interface, vips);
  const witnesses = config.clients.witnesses.map((text) =>
    Uint8Array.from(text.split("."), Number),
  );
  const neighbours = new NeighbourWatch(config.clients.interface, vips, witnesses);
  switcher.rehearse();
  announcer.rehearse();

  setTimerSlack(1);
  lockMemory();
  keepCpuAwake();
  const notRealtime = becomeRealtimeWithThreads(FLIGHT_PRIORITY);

  const flight = new Engine(
    table,
    policy,
    { ...identity, clientMacHigh: neighbours.macHigh, clientMacLow: neighbours.macLow },
    timing,
    ANNOUNCE_REPEAT_MS * 1000,
    nowUs(),
    witnesses.length,
  );
  flight.phases.draining = options.draining;
  const { inputs } = options;
  flight.events.push(EVENT_INPUTS, 0, inputsWithheld(inputs), inputsHold(inputs) ? 1 : 0);
  if (leftovers > 0) flight.events.push(EVENT_RECORD, LOG_LEFTOVERS, leftovers, 0);
  if (guard.programsRefused !== 0)
    flight.events.push(EVENT_RECORD, LOG_NO_PROGRAMS, guard.programsRefused, 0);
  if (guard.lease !== null) flight.events.push(EVENT_RECORD, LOG_LEASE_KIND, guard.kind, 0);
  if (guard.code !== 0) flight.events.push(EVENT_RECORD, guard.code, guard.first, guard.second);
  if (unguarded !== null) flight.events.push(EVENT_RECORD, LOG_ARP_UNGUARDED, unguarded, 0);
  if (notRealtime !== null) flight.events.push(EVENT_RECORD, LOG_NOT_REALTIME, 0, 0);
  const snapshot = new DataView(new MappedFile(join(runDirectory, "status"), STATUS_BYTES).buffer);
  const heard = heardBefore(snapshot, self, tableDigest(config));
  if (!isFirstInBoot(join(runDirectory, HEARD_NOTE)) && heard !== null)
    passOn(heard, flight.membership, self);
  const flags =
    (notRealtime === null ? STATUS_FLAG_REALTIME : 0) |
    (guard.lease === null ? 0 : STATUS_FLAG_LEASE) |
    (guard.code === 0 ? 0 : STATUS_FLAG_LEASE_MISSING) |
    statusLeaseKind(guard.kind);
  const observer = new NetworkObserver(flight, networks, identity, table.serverCount, timing);
  const redundancy = new Redundancy(table, flight, self);
  const [buildHigh, buildLow] = buildNumbers(BUILD);
  const faults = new FaultBoard(table.serverCount, self, buildHigh, buildLow);
  const status = new StatusWriter(
    snapshot,
    table,
    flight,
    identity,
    flags,
    redundancy,
    faults,
    neighbours.answeredUs,
    observer,
  );
  status.begin(process.pid, nowUs(), tableDigest(config));

  const service = serviceOf(flight, table);
  // The last thing that can fail: a start that fails after it would have the machine reset for
  // ever.
  const hardware = hardwareOf(config);
  const noTimeout = hardware?.device.refused ?? 0;
  if (noTimeout !== 0) flight.events.push(EVENT_RECORD, LOG_WATCHDOG_NO_TIMEOUT, noTimeout, 0);
  if (hardware?.device.hasResetMachine && isFirstInBoot(join(runDirectory, RESET_NOTE)))
    flight.events.push(EVENT_RECORD, LOG_WATCHDOG_RESET, 0, 0);

  const loop = new FlightLoop({
    engine: flight,
    timing,
    functionCount: table.functionCount,
    networks,
    networkPlaces: interfaces.map((name) => watched.indexOf(name)),
    observer,
    seal,
    vips: new VipService(
      ...([switcher, announcer, table.functionCount, new AddressRenewal(ipv6Count)] as const),
      ...([renewals, guard.ownership] as const),
    ),
    renewals,
    lease: guard.lease,
    filterReports,
    links,
    neighbours,
    notices: new ClientNotices(noticeSocket, noticeIdentities(config, identity)),
    supervisor,
    commands,
    status,
    faults,
    conditions: new ConditionReport(table, flight, redundancy),
    decisions: new DecisionReport(table, flight, identity.digestHigh, identity.digestLow),
    lifeSigns: new LifeSigns(service, hardware),
  });
  fullGC(); // what the start left behind, before the flight; unlike Bun.gc it keeps compiled code
  const ended = loop.run();
  if (ended === ENDED_LEFT) {
    if (guard.lease === null) guard.ownership?.remove();
    removeArpGuard();
    return EXIT_DONE;
  }
  return ended === ENDED_LET_GO ? EXIT_RELEASED : EXIT_FAILED;
}

interface EngineOptions {
  config: AircraftConfig;
  source: string;
  directory: string;
  self: number;
  runDirectory: string;
  incarnation: number;
  controlFd: number;
  /** null: without keys. */
  keysFd: number | null;
  parent: number;
  draining: boolean;
  /** As inputsNumber of wire/control. */
  inputs: number;
}

function readOptions(args: string[]): EngineOptions {
  const { options } = parseOptions("engine", args, {
    server: "value",
    config: "value",
    directory: "value",
    "run-dir": "value",
    incarnation: "value",
    "control-fd": "value",
    "keys-fd": "value",
    parent: "value",
    draining: "flag",
    inputs: "value",
  });
  const required = (name: Exclude<keyof typeof options, "draining">): string => {
    const value = options[name];
    if (value === undefined)
      throw new UsageError(`engine: --${name} is missing; the engine is started by 'wingman run'`);
    return value;
  };
  const configFile = required("config");
  const directory = required("directory");
  const result = parseConfig(readFileSync(configFile, "utf8"), configFile, directory);
  if (!result.ok) throw new InputFileError(result);
  const id = required("server");
  const self = result.config.servers.findIndex((server) => server.id === id);
  if (self === -1)
    throw new UsageError(`engine: --server: found "${id}", expected one of the configured servers`);
  const number = (name: Parameters<typeof required>[0], min: number, max: number): number =>
    wholeNumberOption("engine", name, required(name), min, max);
  return {
    config: result.config,
    source: configFile,
    directory,
    self,
    runDirectory: required("run-dir"),
    incarnation: number("incarnation", 1, 0xffffffff),
    controlFd: number("control-fd", 3, 1023),
    keysFd: options["keys-fd"] === undefined ? null : number("keys-fd", 3, 1023),
    parent: number("parent", 1, 2 ** 31),
    draining: options.draining,
    inputs: number("inputs", 0, 255),
  };
}

/**
 * Keeps other interfaces out of the VIPs' ARP; who wants no packet filter has none. The errno of
 * the refusal, or 0, where another interface may answer all the same; null where none does.
 */
function guardArp(config: AircraftConfig, vips: readonly (readonly Vip[])[]): number | null {
  const wanted = config.clients.lease !== "off";
  const refused = wanted ? installArpGuard(config.clients.interface, vips) : removeArpGuard();
  const isGuarded = wanted && refused === 0;
  return !isGuarded && othersAnswerArp(config.clients.interface) ? refused : null;
}

/** The service manager that started the supervisor, which hands its variables on to us alone. */
function serviceOf(flight: Engine, table: FunctionTable): ServiceParts | null {
  const { NOTIFY_SOCKET: name, WATCHDOG_USEC: watchdogUs } = process.env;
  if (name === undefined) return null;
  const watchdog =
    watchdogUs === undefined ? null : new FeedingRhythm(Number(watchdogUs), SERVICE_FEEDINGS);
  const report = new ServiceReport(flight, table, watchdog);
  return { socket: new ServiceSocket(name), report, serverCount: table.serverCount };
}

/** Who configures a watchdog wants it: a server without it does not start. */
function hardwareOf(config: AircraftConfig): HardwareParts | null {
  const { watchdog } = config.maintenance;
  if (watchdog === undefined) return null;
  const device = new HardwareWatchdog(watchdog.device, watchdog.timeoutSeconds);
  return { device, rhythm: new FeedingRhythm(device.timeoutS * 1_000_000, HARDWARE_FEEDINGS) };
}

/** null when it cannot be started: the loop does without. */
function renewalProcess(configFile: string): RenewalProcess | null {
  const started = helper(["renew", "--config", configFile], []);
  return started === null ? null : new RenewalProcess(started.socket);
}

/** It has the programs' descriptors after its socket. null without programs, or when it cannot. */
function watchProcess(interfaceName: string, guard: VipGuard): FilterReports | null {
  if (guard.programs === null) return null;
  const kind = LEASE_KIND_NAMES[guard.attachedBy] as LeaseKindName;
  const command = ["watch", "--interface", interfaceName, "--programs", kind];
  const descriptors = guard.programs.all.map(({ fd }) => fd);
  const started = helper(command, descriptors);
  return started === null ? null : new FilterReports(started.socket, started.pid);
}

/**
 * A process of this executable that waits for the kernel in the flight loop's place, and ends with
 * it. @returns our end of a socket pair, and its number; null when it cannot be started
 */
function helper(
  command: readonly string[],
  descriptors: readonly number[],
): { socket: number; pid: number } | null {
  const [ours, theirs] = socketPair();
  try {
    const child = Bun.spawn({
      cmd: [...ownCommand(), ...command, "--control-fd", "3"],
      ...{ cwd: "/", env: cleanEnvironment(REALTIME_COMPILERS) },
      stdio: ["ignore", "ignore", "inherit", theirs, ...descriptors],
      detached: true,
    });
    child.unref(); // it ends with this process, which does not wait for it
    return { socket: ours, pid: child.pid };
  } catch (error) {
    console.error(`no process for '${command[0]}': ${(error as Error).message}`);
    libc.close(ours);
    return null;
  } finally {
    libc.close(theirs);
  }
}

/** With the keys of the server's start, which the supervisor holds. */
function sealOf(keysFd: number | null): KeepAliveSeal {
  if (keysFd === null) return new KeepAliveSeal(null, null);
  const waiting = new NativeMemory(KEYS_BYTES_MAX);
  const length = libc.recv(keysFd, waiting.address, KEYS_BYTES_MAX, MSG_DONTWAIT);
  if (length < 0) throw new SystemError("recv", errno(), "keys");
  libc.close(keysFd);
  const { key, acceptKey } = decodeKeys(waiting.bytes.subarray(0, length));
  return new KeepAliveSeal(key, acceptKey);
}

function identityOf(config: AircraftConfig, self: number, incarnation: number): Identity {
  const digest = tableDigest(config);
  const view = new DataView(digest.buffer, digest.byteOffset);
  return {
    self,
    systemId: systemId(config),
    digestHigh: view.getUint32(0),
    digestLow: view.getUint32(4),
    incarnation,
    nonce: crypto.getRandomValues(new Uint32Array(1))[0],
  };
}

function noticeIdentities(config: AircraftConfig, identity: Identity) {
  const digest = tableDigest(config);
  return config.functions.map((entry, functionIndex) => ({
    systemId: identity.systemId,
    tableDigest: digest,
    server: identity.self,
    incarnation: identity.incarnation,
    functionIndex,
    functionId: entry.id,
    priority: entry.priority,
  }));
}
