/** Writes snapshots like the engine, for the tests of the commands that read them. */
import { writeFileSync } from "node:fs";
import { COUNTER_SENT } from "../../src/boundary/counters.ts";
import { FUNCTION_RUNNING, FUNCTION_STOPPED } from "../../src/boundary/function-state.ts";
import { latenessBucket } from "../../src/boundary/lateness.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE, SERVER_SELF } from "../../src/boundary/server-state.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import {
  encodeStatusSnapshot,
  STATUS_BYTES,
  STATUS_FLAG_CARRIER,
  STATUS_FLAG_REALTIME,
  StatusSnapshot,
} from "../../src/wire/status-snapshot.ts";

export interface SnapshotValues {
  pid?: number;
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
export function snapshot(values: SnapshotValues = {}): StatusSnapshot {
  const { owners = [0, 1, -1], counters = { [COUNTER_SENT]: 42 }, latenessesUs = [] } = values;
  const made = new StatusSnapshot();
  made.enginePid = values.pid ?? process.pid;
  made.writtenUs = nowUs() - (values.ageMs ?? 0) * 1000;
  made.startedUs = made.writtenUs - 65_000_000;
  made.incarnation = 0xffff_fff0;
  made.phase = values.phase ?? PHASE_ACTIVE;
  made.flags = values.flags ?? STATUS_FLAG_CARRIER | STATUS_FLAG_REALTIME;
  made.tableDigest.set(Array.from({ length: 32 }, (_, at) => at));
  for (const [number, value] of Object.entries(counters)) made.counters[Number(number)] = value;
  for (const latenessUs of latenessesUs) made.latenessHistogram[latenessBucket(latenessUs)]++;
  made.latenessMaxUs = Math.max(0, ...latenessesUs);
  made.serverCount = 2;
  made.lastHeardUs.set([0, made.writtenUs - 7000]);
  made.remaining.set([60, -5]);
  made.serverIncarnation.set([0xffff_fff0, 9]);
  made.serverState.set([SERVER_SELF, SERVER_ALIVE]);
  made.networkCarrier.fill(1);
  made.networkHeard.fill(0b10);
  made.functionCount = owners.length;
  made.owner.set(owners);
  made.functionState.set(owners.map((owner) => (owner < 0 ? FUNCTION_STOPPED : FUNCTION_RUNNING)));
  return made;
}

/** The bytes that the engine would write. */
export function bytesOf(made: StatusSnapshot): DataView {
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  encodeStatusSnapshot(made, view);
  return view;
}

/** `change` makes of the bytes what no engine of this release leaves. */
export function writeSnapshot(
  file: string,
  made = snapshot(),
  change: (view: DataView) => void = () => {},
): void {
  const view = bytesOf(made);
  change(view);
  writeFileSync(file, view);
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
