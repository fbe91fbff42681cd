/**
 * `wingman engine …`: the flight loop, started by the supervisor and by nobody else. Start-up happens here: everything is made,
 * sized and warmed, what an earlier run left is removed, and then the loop takes over and never returns to Bun's event loop.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { systemId, tableDigest } from "../config/digest.ts";
import { functionTableOf } from "../config/function-table.ts";
import { readKeyFile } from "../config/key-file.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig, Vip } from "../config/model.ts";
import type { AllocationPolicy } from "../core/allocation.ts";
import { allocatePreempt } from "../core/allocation-preempt.ts";
import { allocateReset } from "../core/allocation-reset.ts";
import { EFFECT_LOG } from "../core/effect-queue.ts";
import { Engine } from "../core/engine.ts";
import { leaseMsMin, leaseMsOf } from "../core/lease.ts";
import { LOG_LEFTOVERS, LOG_NETWORK_LOST, LOG_NO_LEASE, LOG_NOT_REALTIME } from "../core/maintenance-event.ts";
import type { Identity } from "../core/membership.ts";
import { StatusWriter } from "../core/status.ts";
import { timingOf } from "../core/timing.ts";
import { warmUp } from "../core/warm-up.ts";
import { Announcer } from "../io/announcer.ts";
import { ClientNotices } from "../io/client-notices.ts";
import { RecordSocket } from "../io/control-socket.ts";
import { SystemError } from "../io/errno.ts";
import { KeepAliveSeal } from "../io/keep-alive-seal.ts";
import { LinkMonitor } from "../io/link-monitor.ts";
import { ENDED_LEFT, FlightLoop } from "../io/loop.ts";
import { MappedFile } from "../io/mapped-file.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { MulticastSocket } from "../io/multicast-socket.ts";
import { NeighbourWatch } from "../io/neighbour-watch.ts";
import { requireIpv4Address } from "../io/network-interface.ts";
import { becomeRealtime, keepCpuAwake, lockMemory, setTimerSlack } from "../io/realtime.ts";
import { VipLease } from "../io/vip-lease.ts";
import { VipService } from "../io/vip-service.ts";
import { VipSwitcher } from "../io/vip-switcher.ts";
import { ANNOUNCE_AGAIN_MS } from "../limits.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "./errors.ts";
import { parseOptions, wholeNumberOption } from "./options.ts";

/** Above everything that functions run, below the kernel's own threads. */
const REALTIME_PRIORITY = 50;

const POLICIES: Readonly<Record<AircraftConfig["allocation"], AllocationPolicy>> = {
  reset: allocateReset,
  preempt: allocatePreempt,
};

export async function engine(args: string[]): Promise<number> {
  const options = readOptions(args);
  const { config, self, incarnation, runDirectory } = options;
  // Should the supervisor die, its end of the control socket closes: the loop then lets go and says good-bye. A signal at the
  // parent's death would end this process with its VIPs up.
  if (process.ppid !== options.parent) return EXIT_FAILED;
  const key = readKey(config, options.source, options.directory);

  const identity = identityOf(config, self, incarnation);
  const table = functionTableOf(config);
  const { periodMs, lostAfterPeriods, recoveredAfterPeriods } = config.keepAlive;
  const stopGraceMs = config.functions.reduce((longest, entry) => Math.max(longest, entry.stopGraceMs), 0);
  const timing = timingOf(periodMs, lostAfterPeriods, recoveredAfterPeriods, stopGraceMs);
  const policy = POLICIES[config.allocation];
  warmUp(table, policy, timing);

  // What an earlier run left goes before anything else.
  const vips = config.functions.map((entry) => entry.vips);
  const switcher = new VipSwitcher(config.clients.interface, vips);
  const leftovers = switcher.removeLeftovers();

  const present = requireNetworks(config);
  const { lease, refused } = leaseOf(config, vips);
  const networks = present.map(
    (interfaceName) =>
      new MulticastSocket({ interfaceName, group: config.keepAlive.group, port: config.keepAlive.port }),
  );
  const noticeSocket = new MulticastSocket({
    interfaceName: config.clients.interface,
    group: config.clients.noticeGroup,
    port: config.clients.noticePort,
  });
  const supervisor = RecordSocket.inherited(options.controlFd);
  const commands = RecordSocket.bound(join(runDirectory, "engine.sock"));
  const watched = [...new Set([config.clients.interface, ...present])];
  const links = new LinkMonitor(watched, vips);

  const announcer = new Announcer(config.clients.interface, vips);
  const witnesses = config.clients.witnesses.map((text) => Uint8Array.from(text.split("."), Number));
  const neighbours = new NeighbourWatch(config.clients.interface, vips, witnesses);
  switcher.rehearse();
  announcer.rehearse();

  setTimerSlack(1);
  lockMemory();
  keepCpuAwake();
  const notRealtime = becomeRealtime(REALTIME_PRIORITY);

  const flight = new Engine(table, policy, identity, timing, ANNOUNCE_AGAIN_MS * 1000, nowUs(), witnesses.length);
  if (leftovers > 0) flight.effects.push(EFFECT_LOG, LOG_LEFTOVERS, leftovers, 0);
  config.keepAlive.interfaces.forEach((name, network) => {
    if (!present.includes(name)) flight.effects.push(EFFECT_LOG, LOG_NETWORK_LOST, network, 0);
  });
  if (refused !== 0) flight.effects.push(EFFECT_LOG, LOG_NO_LEASE, refused, 0);
  if (notRealtime !== null) flight.effects.push(EFFECT_LOG, LOG_NOT_REALTIME, 0, 0);
  const snapshot = new MappedFile(join(runDirectory, "status"), STATUS_BYTES);
  const status = new StatusWriter(new DataView(snapshot.buffer), table, flight, identity, notRealtime === null);
  status.begin(process.pid, nowUs(), tableDigest(config));

  const loop = new FlightLoop({
    engine: flight,
    timing,
    functionCount: table.functionCount,
    networks,
    networkNumbers: present.map((name) => config.keepAlive.interfaces.indexOf(name)),
    networkPlaces: present.map((name) => watched.indexOf(name)),
    seal: new KeepAliveSeal(key),
    vips: new VipService(switcher, announcer, table.functionCount),
    lease,
    links,
    neighbours,
    notices: new ClientNotices(noticeSocket, noticeIdentities(config, identity)),
    supervisor,
    commands,
    status,
  });
  return loop.run() === ENDED_LEFT ? EXIT_DONE : EXIT_FAILED;
}

interface EngineOptions {
  config: AircraftConfig;
  source: string;
  directory: string;
  self: number;
  runDirectory: string;
  incarnation: number;
  controlFd: number;
  parent: number;
}

function readOptions(args: string[]): EngineOptions {
  const { options } = parseOptions("engine", args, {
    server: "value",
    config: "value",
    directory: "value",
    "run-dir": "value",
    incarnation: "value",
    "control-fd": "value",
    parent: "value",
  });
  const required = (name: keyof typeof options): string => {
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
  if (self === -1) throw new UsageError(`engine: --server: found "${id}", expected one of the configured servers`);
  const number = (name: keyof typeof options, min: number, max: number): number =>
    wholeNumberOption("engine", name, required(name), min, max);
  return {
    config: result.config,
    source: configFile,
    directory,
    self,
    runDirectory: required("run-dir"),
    incarnation: number("incarnation", 1, 0xffffffff),
    controlFd: number("control-fd", 3, 1023),
    parent: number("parent", 1, 2 ** 31),
  };
}

/**
 * The keep-alive interfaces that can be used, by their names. One network that is missing does not keep a server down: the
 * others hear it on the other one. The client interface is indispensable.
 */
function requireNetworks(config: AircraftConfig): string[] {
  requireIpv4Address(config.clients.interface);
  const refusals: Error[] = [];
  const present = config.keepAlive.interfaces.filter((name) => {
    try {
      requireIpv4Address(name);
      return true;
    } catch (error) {
      refusals.push(error as Error);
      return false;
    }
  });
  if (present.length === 0) throw refusals[0];
  return present;
}

/** The lease of the VIPs, put up as configured; `refused` is the errno for which a preferred one is missing. */
function leaseOf(
  config: AircraftConfig,
  vips: readonly (readonly Vip[])[],
): { lease: VipLease | null; refused: number } {
  const { periodMs, lostAfterPeriods } = config.keepAlive;
  const wanted = config.clients.lease;
  try {
    const leaseMs = wanted === "off" ? leaseMsMin(periodMs) : leaseMsOf(periodMs, lostAfterPeriods);
    const lease = new VipLease(config.clients.interface, vips, leaseMs);
    if (wanted === "off") {
      lease.remove(); // one that an earlier run left would silence the VIPs for ever
      return { lease: null, refused: 0 };
    }
    lease.install();
    return { lease, refused: 0 };
  } catch (error) {
    if (!(error instanceof SystemError) || wanted === "required") throw error;
    return { lease: null, refused: wanted === "preferred" ? error.errno : 0 };
  }
}

function readKey(config: AircraftConfig, source: string, directory: string): Uint8Array | null {
  const { keyFile } = config.keepAlive;
  if (keyFile === null) return null;
  const result = readKeyFile(keyFile, directory);
  if (!result.ok) throw new InputFileError({ source, problems: [result.problem] });
  return result.key;
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
