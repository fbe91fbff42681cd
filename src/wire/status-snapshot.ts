/**
 * The state of a running engine in `RUN_DIR/status`: a file mapped into the engine's memory,
 * written once per period and read by `wingman status`, the console and the page. The engine never waits for a reader: the sequence at offset 8 is odd while
 * it writes, and a reader that saw it odd or changed reads again.
 *
 * Native byte order; the file never leaves the machine.
 *
 * | offset | type    | field                                                                       |
 * |--------|---------|-----------------------------------------------------------------------------|
 * | 0      | u32     | magic "WMST"                                                                |
 * | 4      | u32     | layout version                                                              |
 * | 8      | u32     | sequence, odd while being written                                           |
 * | 12     | u32     | process id of the engine                                                    |
 * | 16     | f64     | time of this snapshot, µs of CLOCK_MONOTONIC                                |
 * | 24     | f64     | time of the engine's start, likewise                                        |
 * | 32     | u32     | incarnation                                                                 |
 * | 36     | u8      | index of this server                                                        |
 * | 37     | u8      | phase (boundary/phase)                                                          |
 * | 38     | u8      | number of servers                                                           |
 * | 39     | u8      | flags (STATUS_FLAG_*)                                                       |
 * | 40     | u32     | number of functions                                                         |
 * | 48     | 32 B    | table digest                                                                |
 * | 80     | 13 u32  | counters: see boundary/counters                                                 |
 * | 132    | u32     | greatest lateness of a keep-alive, µs                                       |
 * | 136    | 16×32 B | servers, one row each, see below                                            |
 * | 648    | 64 u32  | histogram of the lateness of keep-alives (boundary/lateness)                    |
 * | 904    | 1024×6 B| functions: i8 owner (−1 none), u8 state (boundary/function-state), u16 mask of the servers that could take it now, u16 of those on which it has failed |
 * | 7048   | 4 f64   | when each witness answered last, µs; 0 = never                              |
 * | 7080   | 16 u8   | active faults of each server                                                |
 * | 7096   | 16×8×8 B| the first of them: u16 code, u16 function + 1, u32 age in s                   |
 * | 8120   | 2×4 B   | keep-alive networks: u8 carrier, u8 0, u16 mask of the servers heard there   |
 *
 * The row of a server:
 *
 * | offset | type | field                                                |
 * |--------|------|------------------------------------------------------|
 * | 0      | f64  | when it was last heard, µs; 0 = never                |
 * | 8      | i32  | remaining resource                                   |
 * | 12     | u32  | incarnation                                          |
 * | 16     | u8   | state (boundary/server-state)                            |
 * | 17     | u8   | phase as reported by itself (boundary/phase)             |
 * | 18     | u16  | its build: the first 16 bits of the digest; 0: not known |
 * | 20     | u32  | the next 32                                              |
 * | 24     | u8   | per cent of its resource that it withholds               |
 * | 25     | u8   | 1: it requests that no running function is moved         |
 * | 28     | u32  | sequence number of its newest keep-alive                 |
 *
 * All other bytes are 0.
 */

import { COUNTERS } from "../boundary/counters.ts";
import { LATENESS_BUCKETS } from "../boundary/lateness.ts";
import {
  FAULTS_TOLD_MAX,
  FUNCTIONS_MAX,
  NETWORKS_MAX,
  SERVERS_MAX,
  WITNESSES_MAX,
} from "../limits.ts";

const MAGIC = 0x54534d57;
export const STATUS_VERSION = 6;
/** Magic, version and sequence: they tell whether the rest is readable. */
export const STATUS_HEAD_BYTES = 12;

const SEQUENCE_AT = 8;
const TABLE_DIGEST_AT = 48;
const TABLE_DIGEST_BYTES = 32;
const COUNTERS_AT = 80;
const LATENESS_MAX_AT = 132;
const SERVERS_AT = 136;
const SERVER_BYTES = 32;
const HISTOGRAM_AT = SERVERS_AT + SERVERS_MAX * SERVER_BYTES;
const FUNCTIONS_AT = HISTOGRAM_AT + 4 * LATENESS_BUCKETS;
const FUNCTION_BYTES = 6;
const WITNESSES_AT = FUNCTIONS_AT + FUNCTION_BYTES * FUNCTIONS_MAX;
const FAULT_COUNTS_AT = WITNESSES_AT + 8 * WITNESSES_MAX;
const FAULTS_AT = FAULT_COUNTS_AT + SERVERS_MAX;
const FAULT_BYTES = 8;
const NETWORKS_AT = FAULTS_AT + FAULT_BYTES * SERVERS_MAX * FAULTS_TOLD_MAX;
const NETWORK_BYTES = 4;
export const STATUS_BYTES = NETWORKS_AT + NETWORK_BYTES * NETWORKS_MAX;

/** Bits of the flags. */
export const STATUS_FLAG_DRAINING = 1;
/** The client interface has a link. */
export const STATUS_FLAG_CARRIER = 2;
/** The engine runs with real-time scheduling. */
export const STATUS_FLAG_REALTIME = 4;
/** VIPs answer only while a lease runs. */
export const STATUS_FLAG_LEASE = 8;
/** A lease is wanted, and there is none. */
export const STATUS_FLAG_LEASE_MISSING = 16;
/** Two bits: LEASE_* of boundary/lease-kind. */
const LEASE_KIND_SHIFT = 5;
export const statusLeaseKind = (kind: number): number => kind << LEASE_KIND_SHIFT;
export const leaseKindIn = (flags: number): number => (flags >> LEASE_KIND_SHIFT) & 3;

/** The content of one snapshot, preallocated. Times are µs of CLOCK_MONOTONIC. */
export class StatusSnapshot {
  /** Sequence of the last complete writing; even. */
  sequence = 0;
  enginePid = 0;
  writtenUs = 0;
  /** When the engine started. */
  startedUs = 0;
  incarnation = 0;
  /** Index of this server. */
  self = 0;
  /** PHASE_* */
  phase = 0;
  /** STATUS_FLAG_* */
  flags = 0;
  readonly tableDigest = new Uint8Array(TABLE_DIGEST_BYTES);
  /** Indexed by COUNTER_*. */
  readonly counters = new Uint32Array(COUNTERS);
  /** Greatest lateness of a keep-alive in µs. */
  latenessMaxUs = 0;
  /** Indexed by latenessBucket of boundary/lateness. */
  readonly latenessHistogram = new Uint32Array(LATENESS_BUCKETS);

  /** Valid entries in the servers' columns. */
  serverCount = 0;
  /** 0 = never. */
  readonly lastHeardUs = new Float64Array(SERVERS_MAX);
  readonly remaining = new Int32Array(SERVERS_MAX);
  readonly serverIncarnation = new Uint32Array(SERVERS_MAX);
  /** Of the newest keep-alive of that incarnation. */
  readonly serverSequence = new Uint32Array(SERVERS_MAX);
  /** SERVER_* */
  readonly serverState = new Uint8Array(SERVERS_MAX);
  /** PHASE_*, as each server reports it. */
  readonly serverPhase = new Uint8Array(SERVERS_MAX);
  readonly buildHigh = new Uint16Array(SERVERS_MAX);
  readonly buildLow = new Uint32Array(SERVERS_MAX);
  /** Per cent of its resource that each server withholds. */
  readonly withheld = new Uint8Array(SERVERS_MAX);
  /** 1: it requests that no running function is moved. */
  readonly holds = new Uint8Array(SERVERS_MAX);

  /** Valid entries in the functions' columns. */
  functionCount = 0;
  /** Server that owns each function, −1 = none. */
  readonly owner = new Int8Array(FUNCTIONS_MAX);
  /** FUNCTION_* */
  readonly functionState = new Uint8Array(FUNCTIONS_MAX);
  /** Mask of the servers that could take each function now. */
  readonly couldRunOn = new Uint16Array(FUNCTIONS_MAX);
  /** Time of each witness's last answer, 0 = never. */
  readonly witnessHeardUs = new Float64Array(WITNESSES_MAX);
  /** Number of active faults of each server, and FAULTS_TOLD_MAX rows for each; code 0: unknown. */
  readonly faultCount = new Uint8Array(SERVERS_MAX);
  readonly faultCode = new Uint16Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  readonly faultFunction = new Uint16Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  readonly faultAgeS = new Uint32Array(SERVERS_MAX * FAULTS_TOLD_MAX);
  /** Mask of the servers on which each function has failed. */
  readonly cannotRunOn = new Uint16Array(FUNCTIONS_MAX);

  // The keep-alive networks, in the order of the configuration.
  readonly networkCarrier = new Uint8Array(NETWORKS_MAX);
  /** Mask of the servers that are heard on each network. */
  readonly networkHeard = new Uint16Array(NETWORKS_MAX);
}

/**
 * Writes `snapshot` to `view`, which holds zeros or an earlier snapshot, and increments its
 * sequence. A concurrent reader sees an odd sequence and reads again.
 */
export function encodeStatusSnapshot(snapshot: StatusSnapshot, view: DataView): void {
  view.setUint32(SEQUENCE_AT, snapshot.sequence + 1, true);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, STATUS_VERSION, true);
  view.setUint32(12, snapshot.enginePid, true);
  view.setFloat64(16, snapshot.writtenUs, true);
  view.setFloat64(24, snapshot.startedUs, true);
  view.setUint32(32, snapshot.incarnation, true);
  view.setUint8(36, snapshot.self);
  view.setUint8(37, snapshot.phase);
  view.setUint8(38, snapshot.serverCount);
  view.setUint8(39, snapshot.flags);
  view.setUint32(40, snapshot.functionCount, true);
  for (let i = 0; i < TABLE_DIGEST_BYTES; i++)
    view.setUint8(TABLE_DIGEST_AT + i, snapshot.tableDigest[i]);
  for (let i = 0; i < COUNTERS; i++)
    view.setUint32(COUNTERS_AT + 4 * i, snapshot.counters[i], true);
  view.setUint32(LATENESS_MAX_AT, snapshot.latenessMaxUs, true);
  for (let witness = 0; witness < WITNESSES_MAX; witness++)
    view.setFloat64(WITNESSES_AT + 8 * witness, snapshot.witnessHeardUs[witness], true);
  for (let server = 0; server < snapshot.serverCount; server++) {
    view.setUint8(FAULT_COUNTS_AT + server, snapshot.faultCount[server]);
    const end = (server + 1) * FAULTS_TOLD_MAX;
    for (let row = server * FAULTS_TOLD_MAX; row < end; row++) {
      const at = FAULTS_AT + FAULT_BYTES * row;
      view.setUint16(at, snapshot.faultCode[row], true);
      view.setUint16(at + 2, snapshot.faultFunction[row], true);
      view.setUint32(at + 4, snapshot.faultAgeS[row], true);
    }
  }
  for (let i = 0; i < LATENESS_BUCKETS; i++)
    view.setUint32(HISTOGRAM_AT + 4 * i, snapshot.latenessHistogram[i], true);
  for (let server = 0; server < snapshot.serverCount; server++) {
    const at = SERVERS_AT + SERVER_BYTES * server;
    view.setFloat64(at, snapshot.lastHeardUs[server], true);
    view.setInt32(at + 8, snapshot.remaining[server], true);
    view.setUint32(at + 12, snapshot.serverIncarnation[server], true);
    view.setUint8(at + 16, snapshot.serverState[server]);
    view.setUint8(at + 17, snapshot.serverPhase[server]);
    view.setUint16(at + 18, snapshot.buildHigh[server], true);
    view.setUint32(at + 20, snapshot.buildLow[server], true);
    view.setUint8(at + 24, snapshot.withheld[server]);
    view.setUint8(at + 25, snapshot.holds[server]);
    view.setUint32(at + 28, snapshot.serverSequence[server], true);
  }
  for (let index = 0; index < snapshot.functionCount; index++) {
    const at = FUNCTIONS_AT + FUNCTION_BYTES * index;
    view.setInt8(at, snapshot.owner[index]);
    view.setUint8(at + 1, snapshot.functionState[index]);
    view.setUint16(at + 2, snapshot.couldRunOn[index], true);
    view.setUint16(at + 4, snapshot.cannotRunOn[index], true);
  }
  for (let network = 0; network < NETWORKS_MAX; network++) {
    const at = NETWORKS_AT + NETWORK_BYTES * network;
    view.setUint8(at, snapshot.networkCarrier[network]);
    view.setUint16(at + 2, snapshot.networkHeard[network], true);
  }
  snapshot.sequence = (snapshot.sequence + 2) >>> 0;
  view.setUint32(SEQUENCE_AT, snapshot.sequence, true);
}

/** Sequence of the head in `view`: odd while it is written, 0 before the first writing. */
export function statusSequence(view: DataView): number {
  return view.getUint32(SEQUENCE_AT, true);
}

/** Layout version of the head in `view`; 0 when it belongs to no snapshot. */
export function statusVersion(view: DataView): number {
  return view.getUint32(0, true) === MAGIC ? view.getUint32(4, true) : 0;
}

/**
 * Reads the complete snapshot in `view` into `snapshot`.
 * @returns false when the layout differs; then `snapshot` must not be used
 */
export function decodeStatusSnapshot(view: DataView, snapshot: StatusSnapshot): boolean {
  if (statusVersion(view) !== STATUS_VERSION) return false;
  snapshot.sequence = statusSequence(view);
  snapshot.enginePid = view.getUint32(12, true);
  snapshot.writtenUs = view.getFloat64(16, true);
  snapshot.startedUs = view.getFloat64(24, true);
  snapshot.incarnation = view.getUint32(32, true);
  snapshot.self = view.getUint8(36);
  snapshot.phase = view.getUint8(37);
  snapshot.serverCount = view.getUint8(38);
  snapshot.flags = view.getUint8(39);
  snapshot.functionCount = view.getUint32(40, true);
  if (snapshot.serverCount > SERVERS_MAX || snapshot.functionCount > FUNCTIONS_MAX) return false;
  for (let i = 0; i < TABLE_DIGEST_BYTES; i++)
    snapshot.tableDigest[i] = view.getUint8(TABLE_DIGEST_AT + i);
  for (let i = 0; i < COUNTERS; i++)
    snapshot.counters[i] = view.getUint32(COUNTERS_AT + 4 * i, true);
  snapshot.latenessMaxUs = view.getUint32(LATENESS_MAX_AT, true);
  for (let witness = 0; witness < WITNESSES_MAX; witness++)
    snapshot.witnessHeardUs[witness] = view.getFloat64(WITNESSES_AT + 8 * witness, true);
  for (let server = 0; server < snapshot.serverCount; server++) {
    snapshot.faultCount[server] = view.getUint8(FAULT_COUNTS_AT + server);
    const end = (server + 1) * FAULTS_TOLD_MAX;
    for (let row = server * FAULTS_TOLD_MAX; row < end; row++) {
      const at = FAULTS_AT + FAULT_BYTES * row;
      snapshot.faultCode[row] = view.getUint16(at, true);
      snapshot.faultFunction[row] = view.getUint16(at + 2, true);
      snapshot.faultAgeS[row] = view.getUint32(at + 4, true);
    }
  }
  for (let i = 0; i < LATENESS_BUCKETS; i++)
    snapshot.latenessHistogram[i] = view.getUint32(HISTOGRAM_AT + 4 * i, true);
  for (let server = 0; server < snapshot.serverCount; server++) {
    const at = SERVERS_AT + SERVER_BYTES * server;
    snapshot.lastHeardUs[server] = view.getFloat64(at, true);
    snapshot.remaining[server] = view.getInt32(at + 8, true);
    snapshot.serverIncarnation[server] = view.getUint32(at + 12, true);
    snapshot.serverState[server] = view.getUint8(at + 16);
    snapshot.serverPhase[server] = view.getUint8(at + 17);
    snapshot.buildHigh[server] = view.getUint16(at + 18, true);
    snapshot.buildLow[server] = view.getUint32(at + 20, true);
    snapshot.withheld[server] = view.getUint8(at + 24);
    snapshot.holds[server] = view.getUint8(at + 25);
    snapshot.serverSequence[server] = view.getUint32(at + 28, true);
  }
  for (let index = 0; index < snapshot.functionCount; index++) {
    const at = FUNCTIONS_AT + FUNCTION_BYTES * index;
    snapshot.owner[index] = view.getInt8(at);
    snapshot.functionState[index] = view.getUint8(at + 1);
    snapshot.couldRunOn[index] = view.getUint16(at + 2, true);
    snapshot.cannotRunOn[index] = view.getUint16(at + 4, true);
  }
  for (let network = 0; network < NETWORKS_MAX; network++) {
    const at = NETWORKS_AT + NETWORK_BYTES * network;
    snapshot.networkCarrier[network] = view.getUint8(at);
    snapshot.networkHeard[network] = view.getUint16(at + 2, true);
  }
  return true;
}
