/** Writes snapshots as the engine would, for the tests of the commands that read them. */
import { writeFileSync } from "node:fs";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import {
  COUNTER_SENT,
  FUNCTION_RUNNING,
  FUNCTION_STOPPED,
  latenessBucket,
  PHASE_ACTIVE,
  SERVER_ALIVE,
  SERVER_SELF,
  STATUS_BYTES,
  STATUS_COUNTERS_AT,
  STATUS_FUNCTIONS_AT,
  STATUS_HISTOGRAM_AT,
  STATUS_LATENESS_MAX_AT,
  STATUS_MAGIC,
  STATUS_SERVER_BYTES,
  STATUS_SERVERS_AT,
  STATUS_VERSION,
} from "../../src/wire/status-snapshot.ts";

export interface SnapshotValues {
  pid?: number;
  sequence?: number;
  version?: number;
  ageMs?: number;
  phase?: number;
  flags?: number;
  /** Owner of each function, as server indexes; −1 for none. */
  owners?: number[];
  /** Counter number → value. */
  counters?: Record<number, number>;
  /** Each one measured lateness of a keep-alive in µs. */
  latenessesUs?: number[];
}

/** Two servers: this one (index 0) and one heard 7 ms ago, when nothing else is said. */
export function snapshot(values: SnapshotValues = {}): DataView {
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  const atUs = nowUs() - (values.ageMs ?? 0) * 1000;
  const { owners = [0, 1, -1], counters = { [COUNTER_SENT]: 42 }, latenessesUs = [] } = values;
  view.setUint32(0, STATUS_MAGIC, true);
  view.setUint32(4, values.version ?? STATUS_VERSION, true);
  view.setUint32(8, values.sequence ?? 2, true);
  view.setUint32(12, values.pid ?? process.pid, true);
  view.setFloat64(16, atUs, true);
  view.setFloat64(24, atUs - 65_000_000, true);
  view.setUint32(32, 0xffff_fff0, true);
  view.setUint8(37, values.phase ?? PHASE_ACTIVE);
  view.setUint8(38, 2);
  view.setUint8(39, values.flags ?? 6);
  view.setUint32(40, owners.length, true);
  for (let at = 0; at < 32; at++) view.setUint8(48 + at, at);
  for (const [number, value] of Object.entries(counters))
    view.setUint32(STATUS_COUNTERS_AT + 4 * Number(number), value, true);
  const peer = STATUS_SERVERS_AT + STATUS_SERVER_BYTES;
  view.setInt32(STATUS_SERVERS_AT + 8, 60, true);
  view.setUint32(STATUS_SERVERS_AT + 12, 0xffff_fff0, true);
  view.setUint8(STATUS_SERVERS_AT + 16, SERVER_SELF);
  view.setFloat64(peer, atUs - 7000, true);
  view.setInt32(peer + 8, -5, true);
  view.setUint32(peer + 12, 9, true);
  view.setUint8(peer + 16, SERVER_ALIVE);
  for (const [index, owner] of owners.entries()) {
    view.setInt8(STATUS_FUNCTIONS_AT + 2 * index, owner);
    view.setUint8(
      STATUS_FUNCTIONS_AT + 2 * index + 1,
      owner < 0 ? FUNCTION_STOPPED : FUNCTION_RUNNING,
    );
  }
  for (const latenessUs of latenessesUs) {
    const at = STATUS_HISTOGRAM_AT + 4 * latenessBucket(latenessUs);
    view.setUint32(at, view.getUint32(at, true) + 1, true);
  }
  view.setUint32(STATUS_LATENESS_MAX_AT, Math.max(0, ...latenessesUs), true);
  return view;
}

export function writeSnapshot(file: string, values: SnapshotValues = {}): void {
  writeFileSync(file, new Uint8Array(snapshot(values).buffer));
}

/** The configuration that fits {@link snapshot}. */
export const AIRCRAFT = JSON.stringify({
  system: "status-test",
  allocation: "preempt",
  keepAlive: { periodMs: 10 },
  servers: [
    { id: "left", resource: 100 },
    { id: "right", resource: 100 },
  ],
  functions: [
    { id: "map", required: 40, priority: 3, vips: ["10.9.0.1/24"] },
    { id: "announcements", required: 5, priority: 10, vips: ["10.9.0.2/24", "fd00:9::2/64"] },
    { id: "video", required: 90, priority: 3, vips: ["10.9.0.3/24"], stopGraceMs: 0 },
  ],
});
