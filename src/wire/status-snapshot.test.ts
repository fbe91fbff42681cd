import { describe, expect, test } from "bun:test";
import { COUNTERS } from "../boundary/counters.ts";
import { LATENESS_BUCKETS } from "../boundary/lateness.ts";
import { FAULTS_TOLD_MAX, FUNCTIONS_MAX, SERVERS_MAX, WITNESSES_MAX } from "../limits.ts";
import {
  decodeStatusSnapshot,
  encodeStatusSnapshot,
  STATUS_BYTES,
  StatusSnapshot,
  statusSequence,
  statusVersion,
} from "./status-snapshot.ts";

function viewOf(snapshot: StatusSnapshot): DataView {
  const view = new DataView(new ArrayBuffer(STATUS_BYTES));
  encodeStatusSnapshot(snapshot, view);
  return view;
}

function read(view: DataView): StatusSnapshot | null {
  const snapshot = new StatusSnapshot();
  return decodeStatusSnapshot(view, snapshot) ? snapshot : null;
}

/** Everything as large as it can be, and no value of a column like its neighbour's. */
function fullSnapshot(): StatusSnapshot {
  const snapshot = new StatusSnapshot();
  snapshot.enginePid = 0xffff_fff1;
  snapshot.writtenUs = 2 ** 52 + 0.5;
  snapshot.startedUs = 2 ** 51 + 0.25;
  snapshot.incarnation = 0xffff_fff2;
  snapshot.self = SERVERS_MAX - 1;
  snapshot.phase = 3;
  snapshot.flags = 0x1f;
  snapshot.latenessMaxUs = 0xffff_fff3;
  snapshot.serverCount = SERVERS_MAX;
  snapshot.functionCount = FUNCTIONS_MAX;
  for (let at = 0; at < snapshot.tableDigest.length; at++) snapshot.tableDigest[at] = 255 - at;
  for (let number = 0; number < COUNTERS; number++)
    snapshot.counters[number] = 0xffff_ff00 + number;
  for (let bucket = 0; bucket < LATENESS_BUCKETS; bucket++)
    snapshot.latenessHistogram[bucket] = 0xffff_fe00 + bucket;
  for (let server = 0; server < SERVERS_MAX; server++) {
    snapshot.lastHeardUs[server] = 2 ** 52 + server;
    snapshot.remaining[server] = -1_000_000 - server;
    snapshot.serverIncarnation[server] = 0xffff_fd00 + server;
    snapshot.serverSequence[server] = 0xffff_fc00 + server;
    snapshot.serverState[server] = 255 - server;
    snapshot.serverPhase[server] = 100 + server;
  }
  for (let witness = 0; witness < WITNESSES_MAX; witness++)
    snapshot.witnessHeardUs[witness] = 2 ** 50 + witness;
  for (let server = 0; server < SERVERS_MAX; server++) snapshot.faultCount[server] = 200 + server;
  for (let row = 0; row < SERVERS_MAX * FAULTS_TOLD_MAX; row++) {
    snapshot.faultCode[row] = 0xff00 + row;
    snapshot.faultFunction[row] = 0x0300 + row;
    snapshot.faultAgeS[row] = 0xfffe_0000 + row;
  }
  for (let index = 0; index < FUNCTIONS_MAX; index++) {
    snapshot.owner[index] = (index % 17) - 1;
    snapshot.functionState[index] = index % 251;
    snapshot.couldRunOn[index] = 0xffff - index;
    snapshot.cannotRunOn[index] = 0x1000 + index;
  }
  snapshot.networkCarrier.set([0xfe, 0xfd]);
  snapshot.networkHeard.set([0xfffe, 0xfffd]);
  return snapshot;
}

test("written fields are read back: no two overlap", () => {
  const snapshot = fullSnapshot();
  const view = viewOf(snapshot);
  expect(view.byteLength).toBe(8128);
  expect(read(view)).toEqual(snapshot);
});

test("a snapshot with these contents is these bytes", () => {
  const snapshot = new StatusSnapshot();
  snapshot.sequence = 40;
  snapshot.enginePid = 4711;
  snapshot.writtenUs = 1.5;
  snapshot.startedUs = -2;
  snapshot.incarnation = 0x0102_0304;
  snapshot.self = 1;
  snapshot.phase = 2;
  snapshot.flags = 0x12;
  snapshot.tableDigest.set([0xaa, 0xbb], 30);
  snapshot.counters.set([5, 6]);
  snapshot.counters[12] = 7;
  snapshot.latenessMaxUs = 0x0a0b_0c0d;
  snapshot.latenessHistogram[0] = 8;
  snapshot.latenessHistogram[63] = 9;
  snapshot.serverCount = 2;
  snapshot.lastHeardUs[1] = 1;
  snapshot.remaining.set([3, -2]);
  snapshot.serverIncarnation.set([0x11, 0x22]);
  snapshot.serverSequence.set([0, 0x33]);
  snapshot.serverState.set([1, 3]);
  snapshot.serverPhase.set([0, 3]);
  snapshot.withheld.set([0, 40]);
  snapshot.holds.set([0, 1]);
  snapshot.functionCount = 2;
  snapshot.owner.set([-1, 1]);
  snapshot.functionState.set([0, 2]);
  snapshot.couldRunOn.set([3, 0x8001]);
  snapshot.cannotRunOn.set([4, 0x8002]);
  snapshot.networkCarrier[1] = 1;
  snapshot.networkHeard.set([0x0102, 0x0304]);
  const expected = Buffer.alloc(STATUS_BYTES);
  for (const [at, hex] of [
    [0, "574d5354 06000000 2a000000 67120000"], // magic, version, sequence, process id
    [16, "000000000000f83f 00000000000000c0"], // written, started
    [32, "04030201 01 02 02 12 02000000"], // incarnation, self, phase, servers, flags, functions
    [78, "aabb"], // end of the digest
    [80, "05000000 06000000"],
    [128, "07000000 0d0c0b0a"], // last counter, greatest lateness
    [136, "0000000000000000 03000000 11000000 01 00"], // first server
    [168, "000000000000f03f feffffff 22000000 03 03"],
    [192, "28 01 0000 33000000"], // withheld, holds, sequence
    [648, "08000000"], // first bucket
    [900, "09000000 ff0003000400 010201800280"], // last bucket, both functions
    [8120, "00000201 01000403"], // networks
  ] as const)
    Buffer.from(hex.replaceAll(" ", ""), "hex").copy(expected, at);
  expect(Buffer.from(viewOf(snapshot).buffer).toString("hex")).toBe(expected.toString("hex"));
});

describe("the head", () => {
  test("counts every writing on by two, and is odd in the middle of one", () => {
    const snapshot = new StatusSnapshot();
    const view = new DataView(new ArrayBuffer(STATUS_BYTES));
    expect(statusSequence(view)).toBe(0);
    const seen = new Set<number>();
    const watched = new Proxy(snapshot, {
      get(target, name): unknown {
        if (name !== "sequence") seen.add(statusSequence(view));
        return Reflect.get(target, name);
      },
    });
    encodeStatusSnapshot(watched, view);
    expect([...seen]).toEqual([1]);
    expect(statusSequence(view)).toBe(2);
    encodeStatusSnapshot(snapshot, view);
    expect(statusSequence(view)).toBe(4);
  });

  test("detects another layout, and files that are no snapshot", () => {
    const view = viewOf(fullSnapshot());
    expect(statusVersion(view)).toBe(6);
    view.setUint32(4, 7, true);
    expect(statusVersion(view)).toBe(7);
    expect(read(view)).toBe(null);
    view.setUint8(0, 0);
    expect(statusVersion(view)).toBe(0);
    expect(read(view)).toBe(null);
  });
});

test("more servers or functions than there can be are not read", () => {
  for (const [at, count] of [
    [38, SERVERS_MAX + 1],
    [41, 0x05], // 1,280 functions
  ] as const) {
    const view = viewOf(fullSnapshot());
    view.setUint8(at, count);
    expect(read(view)).toBe(null);
  }
});
