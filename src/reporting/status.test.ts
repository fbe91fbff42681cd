import { expect, test } from "bun:test";
import { play } from "../../test/scenarios/story.ts";
import { FunctionTable, PROCESS_NONE, PROCESS_ON_ACTIVATE } from "../allocation/function-table.ts";
import { COUNTER_SENT } from "../boundary/counters.ts";
import {
  FUNCTION_FAILED,
  FUNCTION_RUNNING,
  FUNCTION_STARTING,
  FUNCTION_STOPPED,
} from "../boundary/function-state.ts";
import { latenessBucket } from "../boundary/lateness.ts";
import { PHASE_ACTIVE } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_LOST, SERVER_SELF } from "../boundary/server-state.ts";
import {
  decodeStatusSnapshot,
  STATUS_BYTES,
  STATUS_FLAG_CARRIER,
  STATUS_FLAG_REALTIME,
  StatusSnapshot,
  statusSequence,
} from "../wire/status-snapshot.ts";
import { heardBefore, StatusWriter } from "./status.ts";

const FLIGHT = `
  servers a 100, b 50
  functions f 30 p9, g 40 p8 process, h 90 p1
  start a b
  wait 300 ms
  a: f g | b: - | nowhere: h`;

const DIGEST = Uint8Array.from({ length: 32 }, (_, at) => at);

/** What server `self` of the story writes at its end. */
function written(story: string, self: number): DataView {
  const world = play(story);
  const rows = [
    [30, 9, PROCESS_NONE],
    [40, 8, PROCESS_ON_ACTIVATE],
    [90, 1, PROCESS_NONE],
  ].map(([required, priority, process]) => ({
    required,
    priority,
    servers: 3,
    process,
    stopGraceMs: 0,
  }));
  const table = new FunctionTable([100, 50], rows);
  const view = new DataView(new Uint8Array(STATUS_BYTES).fill(0xee).buffer); // an earlier engine's
  const identity = {
    self,
    systemId: 42,
    digestHigh: 7,
    digestLow: 7,
    incarnation: self + 1,
    nonce: 0,
  };
  const writer = new StatusWriter(view, table, world.engine(self), identity, STATUS_FLAG_REALTIME);
  writer.begin(4711, world.nowUs, DIGEST);
  return view;
}

function snapshot(story: string, self: number): StatusSnapshot {
  const read = new StatusSnapshot();
  expect(decodeStatusSnapshot(written(story, self), read)).toBe(true);
  return read;
}

function functions({ owner, functionState }: StatusSnapshot): number[][] {
  return [0, 1, 2].map((index) => [owner[index], functionState[index]]);
}

function servers({ serverState, remaining, serverIncarnation }: StatusSnapshot): number[][] {
  return [0, 1].map((server) => [
    serverState[server],
    remaining[server],
    serverIncarnation[server],
  ]);
}

const STORY = FLIGHT.replace("a: f g | b: - | nowhere: h", "all agree");

test("what identifies the engine, and an even sequence when it is not being written", () => {
  const read = snapshot(STORY, 1);
  expect(read.sequence % 2).toBe(0);
  expect(read).toMatchObject({
    enginePid: 4711,
    incarnation: 2,
    self: 1,
    phase: PHASE_ACTIVE,
    flags: STATUS_FLAG_CARRIER | STATUS_FLAG_REALTIME,
    serverCount: 2,
    functionCount: 3,
  });
  expect(read.tableDigest[31]).toBe(31);
  expect(read.counters[COUNTER_SENT]).toBeGreaterThan(30);
  expect(read.latenessHistogram[latenessBucket(0)]).toBeGreaterThan(29);
});

test("owners, states and what remains are the same on every server", () => {
  const [byA, byB] = [snapshot(STORY, 0), snapshot(STORY, 1)];
  expect(functions(byA)).toEqual([
    [0, FUNCTION_RUNNING],
    [0, FUNCTION_RUNNING],
    [-1, FUNCTION_STOPPED],
  ]);
  expect(functions(byB)).toEqual(functions(byA));
  expect(servers(byA)).toEqual([
    [SERVER_SELF, 30, 1],
    [SERVER_ALIVE, 50, 2],
  ]);
  expect(servers(byB)).toEqual([
    [SERVER_ALIVE, 30, 1],
    [SERVER_SELF, 50, 2],
  ]);
});

test("a function whose process is still starting, one that failed here, and a server that is lost", () => {
  const starting = FLIGHT.replace("wait 300 ms\n  a: f g | b: - | nowhere: h", "wait 101 ms");
  expect(functions(snapshot(starting, 0))[1]).toEqual([0, FUNCTION_STARTING]);
  const failed = snapshot(
    `${STORY}\n crash b\n wait 100 ms\n process of g on a fails\n wait 5 ms`,
    0,
  );
  expect(functions(failed)[1]).toEqual([-1, FUNCTION_FAILED]);
  expect(servers(failed)[1]).toEqual([SERVER_LOST, 0, 2]);
});

test("leaves the next engine what it has heard: of the others, on this server, with this table", () => {
  const view = written(FLIGHT, 0);
  const heard = heardBefore(view, 0, DIGEST);
  expect(heard?.incarnation[1]).toBe(2);
  expect(heard?.sequence[1]).toBeGreaterThan(20);
  expect(heard?.lastHeardUs[1]).toBeGreaterThan(1_000_000);
  expect(heardBefore(view, 1, DIGEST)).toBeNull();
  expect(heardBefore(view, 0, DIGEST.with(31, 0))).toBeNull();
  view.setUint32(8, statusSequence(view) + 1, true); // it died while it wrote
  expect(heardBefore(view, 0, DIGEST)).toBeNull();
  expect(heardBefore(new DataView(new ArrayBuffer(STATUS_BYTES)), 0, DIGEST)).toBeNull();
});
