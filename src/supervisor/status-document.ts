/**
 * From a snapshot of the engine to what `wingman status --json` prints: the one formatter of the
 * state. Programs rely on its names and shapes: add to them, change none.
 */

import {
  COUNTER_ACCEPTED,
  COUNTER_AUTHENTICATION,
  COUNTER_DROPPED,
  COUNTER_DUPLICATE,
  COUNTER_MALFORMED,
  COUNTER_OVERFLOW,
  COUNTER_REPLAY,
  COUNTER_SEND_FAILED,
  COUNTER_SENT,
  COUNTER_STRANGER,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  COUNTER_UNPROVEN,
} from "../boundary/counters.ts";
import { FUNCTION_RUNNING, FUNCTION_STATE_NAMES } from "../boundary/function-state.ts";
import { LATENESS_BUCKETS, latenessBucketEnd } from "../boundary/lateness.ts";
import { LEASE_KIND_NAMES, type LeaseKindName } from "../boundary/lease-kind.ts";
import { PHASE_DRAINING, PHASE_NAMES } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_JOINING, SERVER_STATE_NAMES } from "../boundary/server-state.ts";
import { catalogueEntry } from "../catalogue/catalogue.ts";
import { codeLabel } from "../catalogue/record-text.ts";
import type { AircraftConfig } from "../config/model.ts";
import { CAPACITY_MAX, FAULTS_TOLD_MAX } from "../limits.ts";
import { buildText } from "../reporting/build.ts";
import {
  leaseKindIn,
  STATUS_FLAG_CARRIER,
  STATUS_FLAG_DRAINING,
  STATUS_FLAG_LEASE,
  STATUS_FLAG_LEASE_MISSING,
  STATUS_FLAG_REALTIME,
  type StatusSnapshot,
} from "../wire/status-snapshot.ts";

export interface ServerStatus {
  id: string;
  /** One of SERVER_STATE_NAMES. */
  state: string;
  /** One of PHASE_NAMES, as the server itself reports; null while it is not heard. */
  phase: string | null;
  resource: number;
  /**
   * Per cent of its resource that it gives; running functions may exceed it until they have left.
   */
  capacity: number;
  /** It requests that no running function is moved. */
  holds: boolean;
  /** RR(Sx), patent [0028], of the given part. */
  remaining: number;
  /** ms since its last accepted keep-alive; null: never heard; 0 for this server. */
  lastHeardMs: number | null;
  /** 0: never heard. */
  incarnation: number;
  /**
   * First 12 digits of its build digest; null when unknown, as for builds that do not report it.
   */
  build: string | null;
  /** Active faults in its own log; 255 means at least as many; also 0 while it is not heard. */
  activeFaults: number;
  /**
   * Its keep-alive networks as this server sees them; null for the others, which only know them
   * themselves.
   */
  networks: NetworkStatus[] | null;
}

export interface NetworkStatus {
  interface: string;
  /** The interface has a link. */
  carrier: boolean;
  /** Identifiers of the servers that are currently heard on it. */
  heard: string[];
}

export interface FunctionStatus {
  id: string;
  priority: number;
  required: number;
  /** Identifier of the server that runs it. */
  owner: string | null;
  state: string;
  /** Its process is ready. */
  ready: boolean;
  /** As configured, with prefix lengths. */
  vips: string[];
  /** Servers that could take it now if its owner failed. */
  couldRunOn: string[];
  /** Servers on which it has failed. */
  cannotRunOn: string[];
}

export interface FaultStatus {
  /** `WNG-0111` */
  code: string;
  text: string;
  server: string;
  /** Identifier; null when it concerns no function. */
  function: string | null;
  /** UTC by this server's clock. */
  since: string;
}

export interface StatusDocument {
  server: string;
  phase: string;
  incarnation: number;
  /** SHA-256 in hexadecimal. */
  tableDigest: string;
  servers: ServerStatus[];
  /** Keep-alive networks of this server, in the order of the configuration. */
  networks: NetworkStatus[];
  /** In the order of the configuration. */
  functions: FunctionStatus[];
  keepAlive: {
    sent: number;
    accepted: number;
    rejected: {
      malformed: number;
      authentication: number;
      replay: number;
      unknown: number;
      system: number;
    };
    /**
     * Datagrams that the kernel dropped before reception: those that are no keep-alives, and those
     * that found the receive buffer full.
     */
    dropped: number;
    /** Own datagrams and second copies from the other network: neither accepted nor rejected. */
    duplicate: number;
    /** First contacts of a server that has not yet proven its freshness: the same. */
    unproven: number;
    sendFailed: number;
    lateUs: { p50: number; p99: number; p999: number; max: number };
  };
  /** Events lost because the engine's queue was full. */
  overflow: number;
  /** Frames in which a foreign host answered for a VIP that is up here. */
  strangers: number;
  draining: boolean;
  /** Some server requests that no running function is moved. */
  held: boolean;
  /**
   * Active faults of this server and of every server that is heard, as far as they are reported one
   * by one.
   */
  faults: FaultStatus[];
  /** Last answers of `clients.witnesses`. */
  witnesses: { address: string; lastAnswerMs: number | null }[];
  /** The client interface has a link. */
  carrier: boolean;
  /** The engine runs with real-time scheduling. */
  realtime: boolean;
  /**
   * "running": VIPs answer only while a lease runs; "missing": wanted but impossible; "off": not
   * wanted.
   */
  lease: "running" | "missing" | "off";
  /**
   * How it is enforced: by eBPF in one of two ways, to the µs, or by nftables, to ticks of the
   * kernel.
   */
  leaseKind: LeaseKindName;
  enginePid: number;
  uptimeMs: number;
}

/** `config` is the configuration of the engine that wrote the snapshot: it provides the names. */
export function statusDocument(snapshot: StatusSnapshot, config: AircraftConfig): StatusDocument {
  const { self, phase, flags } = snapshot;
  const counter = (number: number): number => snapshot.counters[number];
  return {
    server: config.servers[self]?.id ?? `server ${self}`,
    phase: PHASE_NAMES[phase] ?? "unknown",
    incarnation: snapshot.incarnation,
    tableDigest: Buffer.from(snapshot.tableDigest).toString("hex"),
    servers: config.servers.map((_, index) => serverStatus(snapshot, config, index)),
    networks: networksOf(snapshot, config),
    functions: config.functions.map((_, index) => functionStatus(snapshot, config, index)),
    keepAlive: {
      sent: counter(COUNTER_SENT),
      accepted: counter(COUNTER_ACCEPTED),
      rejected: {
        malformed: counter(COUNTER_MALFORMED),
        authentication: counter(COUNTER_AUTHENTICATION),
        replay: counter(COUNTER_REPLAY),
        unknown: counter(COUNTER_UNKNOWN),
        system: counter(COUNTER_SYSTEM),
      },
      dropped: counter(COUNTER_DROPPED),
      duplicate: counter(COUNTER_DUPLICATE),
      unproven: counter(COUNTER_UNPROVEN),
      sendFailed: counter(COUNTER_SEND_FAILED),
      lateUs: lateness(snapshot),
    },
    overflow: counter(COUNTER_OVERFLOW),
    strangers: counter(COUNTER_STRANGER),
    draining: (flags & STATUS_FLAG_DRAINING) !== 0 || phase === PHASE_DRAINING,
    held: config.servers.some((_, server) => snapshot.holds[server] === 1),
    faults: config.servers.flatMap((_, server) => faultsOf(snapshot, config, server)),
    witnesses: config.clients.witnesses.map((address, witness) => ({
      address,
      lastAnswerMs: sinceMs(snapshot, snapshot.witnessHeardUs[witness]),
    })),
    carrier: (flags & STATUS_FLAG_CARRIER) !== 0,
    realtime: (flags & STATUS_FLAG_REALTIME) !== 0,
    lease:
      (flags & STATUS_FLAG_LEASE) !== 0
        ? "running"
        : (flags & STATUS_FLAG_LEASE_MISSING) !== 0
          ? "missing"
          : "off",
    leaseKind: LEASE_KIND_NAMES[leaseKindIn(flags)] ?? "none",
    enginePid: snapshot.enginePid,
    uptimeMs: Math.round((snapshot.writtenUs - snapshot.startedUs) / 1000),
  };
}

/** Requests to servers, for people: `a gives 60 per cent of its resource`, `b holds what runs`. */
export function inputsTexts({ servers }: Pick<StatusDocument, "servers">): string[] {
  return servers.flatMap(({ id, capacity, holds }) => [
    ...(capacity === CAPACITY_MAX ? [] : [`${id} gives ${capacity} per cent of its resource`]),
    ...(holds ? [`${id} holds running functions: nothing is moved without need`] : []),
  ]);
}

/** The resource for a table: `100`, or `60% of 100` for a server that gives 60 per cent. */
export function resourceText({
  resource,
  capacity,
}: Pick<ServerStatus, "resource" | "capacity">): string {
  return capacity === CAPACITY_MAX ? String(resource) : `${capacity}% of ${resource}`;
}

/** The lease for people: `running (tcx)`. */
export function leaseText({
  lease,
  leaseKind,
}: Pick<StatusDocument, "lease" | "leaseKind">): string {
  return lease === "running" ? `${lease} (${leaseKind})` : lease;
}

function sinceMs({ writtenUs }: StatusSnapshot, atUs: number): number | null {
  return atUs === 0 ? null : Math.max(0, Math.round((writtenUs - atUs) / 1000));
}

function faultsOf(snapshot: StatusSnapshot, config: AircraftConfig, server: number): FaultStatus[] {
  const first = server * FAULTS_TOLD_MAX;
  const rows = Array.from(
    { length: Math.min(snapshot.faultCount[server], FAULTS_TOLD_MAX) },
    (_, place) => first + place,
  );
  return rows
    .filter((row) => snapshot.faultCode[row] !== 0)
    .map((row) => ({
      code: codeLabel(snapshot.faultCode[row]),
      text: catalogueEntry(snapshot.faultCode[row])?.text ?? "",
      server: config.servers[server]?.id ?? `server ${server}`,
      function: config.functions[snapshot.faultFunction[row] - 1]?.id ?? null,
      since: new Date(Date.now() - 1000 * snapshot.faultAgeS[row]).toISOString(),
    }));
}

function serverStatus(
  snapshot: StatusSnapshot,
  config: AircraftConfig,
  index: number,
): ServerStatus {
  const isSelf = index === snapshot.self;
  return {
    id: config.servers[index]?.id ?? `server ${index}`,
    state: SERVER_STATE_NAMES[snapshot.serverState[index]] ?? "unknown",
    phase: isSelf ? (PHASE_NAMES[snapshot.phase] ?? null) : phaseOf(snapshot, index),
    resource: config.servers[index]?.resource ?? 0,
    capacity: CAPACITY_MAX - (snapshot.withheld[index] as number),
    holds: snapshot.holds[index] === 1,
    remaining: snapshot.remaining[index],
    lastHeardMs: isSelf ? 0 : sinceMs(snapshot, snapshot.lastHeardUs[index]),
    incarnation: snapshot.serverIncarnation[index],
    build: buildText(snapshot.buildHigh[index], snapshot.buildLow[index]),
    activeFaults: snapshot.faultCount[index],
    networks: isSelf ? networksOf(snapshot, config) : null,
  };
}

function networksOf(snapshot: StatusSnapshot, config: AircraftConfig): NetworkStatus[] {
  return config.keepAlive.interfaces.map((name, network) => ({
    interface: name,
    carrier: snapshot.networkCarrier[network] === 1,
    heard: config.servers.flatMap(({ id }, server) =>
      ((snapshot.networkHeard[network] as number) & (1 << server)) === 0 ? [] : [id],
    ),
  }));
}

/** Servers that are alive but not heard on the network, although its interface has a link. */
export function missingOn(status: StatusDocument, network: NetworkStatus): string[] {
  if (!network.carrier) return [];
  return status.servers.flatMap(({ id, state }) =>
    state === "alive" && !network.heard.includes(id) ? [id] : [],
  );
}

/** Phase of another server. */
function phaseOf({ serverState, serverPhase }: StatusSnapshot, index: number): string | null {
  const state = serverState[index];
  if (state !== SERVER_ALIVE && state !== SERVER_JOINING) return null;
  return PHASE_NAMES[serverPhase[index]] ?? null;
}

/**
 * The state for people: "draining" or "isolated" for a server that is alive but takes no functions.
 */
export function serverWord({ state, phase }: Pick<ServerStatus, "state" | "phase">): string {
  return state === "alive" && (phase === "draining" || phase === "isolated") ? phase : state;
}

function functionStatus(
  snapshot: StatusSnapshot,
  config: AircraftConfig,
  index: number,
): FunctionStatus {
  const entry = config.functions[index];
  return {
    id: entry?.id ?? `function ${index}`,
    priority: entry?.priority ?? 0,
    required: entry?.required ?? 0,
    owner: config.servers[snapshot.owner[index]]?.id ?? null,
    state: FUNCTION_STATE_NAMES[snapshot.functionState[index]] ?? "unknown",
    ready: snapshot.functionState[index] === FUNCTION_RUNNING,
    vips: entry?.vips.map(({ text }) => text) ?? [],
    couldRunOn: serversIn(snapshot.couldRunOn[index], config),
    cannotRunOn: serversIn(snapshot.cannotRunOn[index], config),
  };
}

/** For people: active faults of other servers, one line each, `SERVER b: 1 ACTIVE FAULT: …`. */
export function faultsElsewhere(status: StatusDocument | null): string[] {
  if (status === null) return [];
  return status.servers.flatMap(({ id, activeFaults }) => {
    if (id === status.server || activeFaults === 0) return [];
    const told = status.faults.filter(({ server }) => server === id);
    const named = told.map((fault) =>
      [fault.code, fault.text, fault.function ?? ""].filter((word) => word !== "").join(" "),
    );
    const more = activeFaults - told.length;
    const names = [...named, ...(more > 0 && named.length > 0 ? [`${more} MORE`] : [])].join(", ");
    const count = `${activeFaults} ACTIVE FAULT${activeFaults === 1 ? "" : "S"}`;
    return [`SERVER ${id}: ${count}${names === "" ? "" : `: ${names}`}`];
  });
}

/** A table names at most this many servers that could take a function. */
const STANDBYS_NAMED_MAX = 3;

/** Servers that could take a running function, for a table. */
export function standbyText({
  owner,
  couldRunOn,
}: Pick<FunctionStatus, "owner" | "couldRunOn">): string {
  if (owner === null) return "-";
  if (couldRunOn.length === 0) return "NONE";
  const more = couldRunOn.length > STANDBYS_NAMED_MAX ? ",…" : "";
  return `${couldRunOn.slice(0, STANDBYS_NAMED_MAX).join(",")}${more}`;
}

function serversIn(mask: number, config: AircraftConfig): string[] {
  return config.servers.filter((_, server) => (mask & (1 << server)) !== 0).map(({ id }) => id);
}

/**
 * Percentiles of the lateness of keep-alives in µs, from the histogram: the upper bound of the
 * percentile's bucket (less than a quarter above the true value), and never more than the greatest
 * measured one.
 */
export function lateness(snapshot: StatusSnapshot): {
  p50: number;
  p99: number;
  p999: number;
  max: number;
} {
  const { latenessMaxUs: max, latenessHistogram: counts } = snapshot;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const percentile = (perMille: number): number => {
    let below = 0;
    for (const [bucket, count] of counts.entries()) {
      below += count;
      if (count > 0 && below * 1000 >= total * perMille) {
        return bucket === LATENESS_BUCKETS - 1 ? max : Math.min(latenessBucketEnd(bucket) - 1, max);
      }
    }
    return 0; // no measurement yet
  };
  return { p50: percentile(500), p99: percentile(990), p999: percentile(999), max };
}
