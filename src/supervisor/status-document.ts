/** From a snapshot of the engine to what `wingman status --json` prints (design/contract): the one formatter of the state. */
import type { AircraftConfig } from "../config/model.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_AUTHENTICATION,
  COUNTER_DUPLICATE,
  COUNTER_MALFORMED,
  COUNTER_OVERFLOW,
  COUNTER_REPLAY,
  COUNTER_SEND_FAILED,
  COUNTER_SENT,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  FUNCTION_STATE_NAMES,
  latenessBucketEnd,
  PHASE_DRAINING,
  PHASE_NAMES,
  SERVER_STATE_NAMES,
  STATUS_COUNTERS_AT,
  STATUS_FUNCTIONS_AT,
  STATUS_HISTOGRAM_AT,
  STATUS_LATENESS_MAX_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVERS_AT,
} from "../wire/status-snapshot.ts";

const HISTOGRAM_BUCKETS = 64;
const DIGEST_AT = 48;
const DIGEST_BYTES = 32;

export interface ServerStatus {
  id: string;
  state: string;
  resource: number;
  /** RR(Sx), patent [0028]. */
  remaining: number;
  /** Since its last accepted keep-alive; null: never heard; 0 for this server. */
  lastHeardMs: number | null;
  /** 0: never heard. */
  incarnation: number;
}

export interface FunctionStatus {
  id: string;
  priority: number;
  required: number;
  /** Identifier of the server that runs it. */
  owner: string | null;
  state: string;
  /** As configured, with prefix lengths. */
  vips: string[];
}

export interface StatusDocument {
  server: string;
  phase: string;
  incarnation: number;
  /** SHA-256 in hexadecimal. */
  tableDigest: string;
  servers: ServerStatus[];
  /** In the order of the configuration. */
  functions: FunctionStatus[];
  keepAlive: {
    sent: number;
    accepted: number;
    rejected: { malformed: number; authentication: number; replay: number; unknown: number; system: number };
    duplicate: number;
    sendFailed: number;
    lateUs: { p50: number; p99: number; p999: number; max: number };
  };
  /** Events that found the engine's queue full. */
  overflow: number;
  draining: boolean;
  /** The client interface has a link. */
  carrier: boolean;
  /** The engine runs with real-time scheduling. */
  realtime: boolean;
  enginePid: number;
  uptimeMs: number;
}

/** `config` is the configuration that the engine of this snapshot runs with: it gives the names. */
export function statusDocument(snapshot: DataView, config: AircraftConfig): StatusDocument {
  const snapshotAtUs = snapshot.getFloat64(16, true);
  const self = snapshot.getUint8(36);
  const phase = snapshot.getUint8(37);
  const flags = snapshot.getUint8(39);
  const counter = (number: number): number => snapshot.getUint32(STATUS_COUNTERS_AT + 4 * number, true);
  return {
    server: config.servers[self]?.id ?? `server ${self}`,
    phase: PHASE_NAMES[phase] ?? "unknown",
    incarnation: snapshot.getUint32(32, true),
    tableDigest: hexadecimal(snapshot, DIGEST_AT, DIGEST_BYTES),
    servers: config.servers.map((_, index) => serverStatus(snapshot, config, index, self, snapshotAtUs)),
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
      duplicate: counter(COUNTER_DUPLICATE),
      sendFailed: counter(COUNTER_SEND_FAILED),
      lateUs: lateness(snapshot),
    },
    overflow: counter(COUNTER_OVERFLOW),
    draining: (flags & 1) !== 0 || phase === PHASE_DRAINING,
    carrier: (flags & 2) !== 0,
    realtime: (flags & 4) !== 0,
    enginePid: snapshot.getUint32(12, true),
    uptimeMs: Math.round((snapshotAtUs - snapshot.getFloat64(24, true)) / 1000),
  };
}

function serverStatus(
  snapshot: DataView,
  config: AircraftConfig,
  index: number,
  self: number,
  snapshotAtUs: number,
): ServerStatus {
  const row = STATUS_SERVERS_AT + index * STATUS_SERVER_BYTES;
  const lastHeardUs = snapshot.getFloat64(row, true);
  const sinceMs = lastHeardUs === 0 ? null : Math.max(0, Math.round((snapshotAtUs - lastHeardUs) / 1000));
  return {
    id: config.servers[index]?.id ?? `server ${index}`,
    state: SERVER_STATE_NAMES[snapshot.getUint8(row + 16)] ?? "unknown",
    resource: config.servers[index]?.resource ?? 0,
    remaining: snapshot.getInt32(row + 8, true),
    lastHeardMs: index === self ? 0 : sinceMs,
    incarnation: snapshot.getUint32(row + 12, true),
  };
}

function functionStatus(snapshot: DataView, config: AircraftConfig, index: number): FunctionStatus {
  const row = STATUS_FUNCTIONS_AT + 2 * index;
  const entry = config.functions[index];
  return {
    id: entry?.id ?? `function ${index}`,
    priority: entry?.priority ?? 0,
    required: entry?.required ?? 0,
    owner: config.servers[snapshot.getInt8(row)]?.id ?? null,
    state: FUNCTION_STATE_NAMES[snapshot.getUint8(row + 1)] ?? "unknown",
    vips: entry?.vips.map(({ text }) => text) ?? [],
  };
}

/**
 * Percentiles of the lateness of keep-alives in µs, from the histogram: the greatest lateness that the bucket in which the
 * percentile falls can hold (less than a quarter above the true value), and never more than the greatest one measured.
 */
export function lateness(snapshot: DataView): { p50: number; p99: number; p999: number; max: number } {
  const max = snapshot.getUint32(STATUS_LATENESS_MAX_AT, true);
  const counts = Array.from({ length: HISTOGRAM_BUCKETS }, (_, bucket) =>
    snapshot.getUint32(STATUS_HISTOGRAM_AT + 4 * bucket, true),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  const percentile = (perMille: number): number => {
    let below = 0;
    for (const [bucket, count] of counts.entries()) {
      below += count;
      if (count > 0 && below * 1000 >= total * perMille) {
        return bucket === HISTOGRAM_BUCKETS - 1 ? max : Math.min(latenessBucketEnd(bucket) - 1, max);
      }
    }
    return 0; // nothing was measured yet
  };
  return { p50: percentile(500), p99: percentile(990), p999: percentile(999), max };
}

function hexadecimal(view: DataView, at: number, length: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, length).toString("hex");
}
