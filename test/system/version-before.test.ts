/**
 * Two executables from different sources fly together: the current one, and one that only knows the
 * keep-alives of the previous version. Needs root and `ip`.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { Flight, ownersOf, type Server, TABLE, WINGMAN } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { longestMs, silences, twoAnswers } from "../harness/watch/one-answer.ts";
import { Answers } from "./answers.ts";
import { buildExecutableBefore } from "./executable-before.ts";

/** Each server has room for everything. */
const ROOMY = { ...TABLE, servers: TABLE.servers.map((server) => ({ ...server, resource: 160 })) };
const DETECTION_MS = TABLE.keepAlive.periodMs * TABLE.keepAlive.lostAfterPeriods;
/** Beyond the detection time, on a machine with other work. */
const TAKEOVER_MARGIN_MS = 250;
/** A planned change: half the detection time is no failure that somebody took for one. */
const PLANNED_MS_MAX = DETECTION_MS / 2;

// A keep-alive in an Ethernet frame, as hexadecimal text.
const DATAGRAM_AT = 14 + 20 + 8;
const MAGIC = Buffer.from("WMKA").toString("hex");
const byteAt = (frame: string, at: number): number =>
  Number.parseInt(frame.slice(2 * (DATAGRAM_AT + at), 2 * (DATAGRAM_AT + at) + 2), 16);
const LISTENED_MS = 150;

let directory: string;
let before: string;
let flight: Flight;
let seat: Answers;

beforeAll(() => {
  directory = scratchDirectory("version-before");
  before = buildExecutableBefore(directory);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  flight = new Flight();
  seat = new Answers(flight.seat, "10.44.9.1", []);
});
afterEach(async () => {
  seat.close();
  await flight.close();
});

/**
 * Current keep-alives of each server: their layout, and the latest one that it reports to
 * understand.
 */
async function spoken(): Promise<Record<string, [version: number, understands: number]>> {
  const isKeepAlive = (frame: string) => frame.startsWith(MAGIC, 2 * DATAGRAM_AT);
  seat.captured(isKeepAlive); // of the time before
  await Bun.sleep(LISTENED_MS);
  const found: Record<string, [number, number]> = {};
  for (const frame of seat.captured(isKeepAlive))
    found["ab"[byteAt(frame, 5)] ?? "?"] = [byteAt(frame, 4), byteAt(frame, 696)];
  return found;
}

const digestOf = (executable: string): string =>
  JSON.parse(Bun.spawnSync([executable, "version", "--json"]).stdout.toString()).buildDigest;

/** Its kernel answers no more, and none of its processes does anything. */
async function powerOff(server: Server): Promise<void> {
  const engine = server.enginePid;
  signal(engine, "SIGSTOP"); // alive, it would let go when its link or the supervisor goes
  server.host.plug(false);
  await server.stop("SIGKILL");
  signal(engine, "SIGKILL");
}

async function ownsAll(server: Server): Promise<void> {
  await until(`${server.id} serves alone`, () => {
    const state = server.state();
    return (
      state?.functions.every(({ owner, ready }) => owner === server.id && ready) === true || null
    );
  });
}

test("an old and a new one: each takes over from the other, and comes back", async () => {
  expect(digestOf(before)).not.toBe(digestOf(WINGMAN));
  flight.a.executable = before;
  flight.a.start(ROOMY);
  flight.b.start(ROOMY);
  const [state] = await flight.settled();
  expect(new Set(Object.values(ownersOf(state)))).toEqual(new Set(["a", "b"]));
  expect(await spoken()).toEqual({ a: [5, 0], b: [5, 6] });
  for (const [failing, other] of [
    [flight.a, flight.b],
    [flight.b, flight.a],
  ] as const) {
    const watch = await flight.watchAnswers();
    await powerOff(failing);
    await ownsAll(other);
    failing.host.plug(true);
    failing.start(ROOMY);
    await flight.settled();
    const { tenures, lost } = await watch.end();
    expect(lost).toBe(0);
    expect(twoAnswers(tenures)).toEqual([]);
    const gapMs = longestMs(silences(tenures));
    expect(gapMs).toBeGreaterThan(DETECTION_MS / 2); // the watch is not blind
    expect(gapMs).toBeLessThan(DETECTION_MS + TAKEOVER_MARGIN_MS);
  }
  // Its own reports cannot be carried in layout 5 either.
  const [fromA, fromB] = await flight.settled();
  expect(fromA.servers.map(({ build }) => build === null)).toEqual([false, true]);
  expect(fromB.servers.map(({ build }) => build === null)).toEqual([true, false]);
});

test("the rolling update to the new one and back: drained, replaced, joined again, and no seat misses a function", async () => {
  for (const server of [flight.a, flight.b]) {
    server.executable = before;
    server.start(ROOMY);
  }
  await flight.settled();
  expect(await spoken()).toEqual({ a: [5, 0], b: [5, 0] });
  for (const [server, executable, after] of [
    [flight.a, WINGMAN, { a: [5, 6], b: [5, 0] }],
    [flight.b, WINGMAN, { a: [6, 6], b: [6, 6] }],
    [flight.a, before, { a: [5, 0], b: [5, 6] }],
  ] as const) {
    const watch = await flight.watchAnswers();
    expect(server.drain()).toMatchObject({ code: 0, err: "" });
    expect(await server.stop()).toBe(0);
    server.executable = executable;
    server.start(ROOMY);
    await until(`${server.id} is heard again, drained`, () => {
      const state = server.state();
      return state?.phase === "draining" && state.servers.every(({ state }) => state !== "unknown");
    });
    expect(server.command("resume", "--confirm")).toMatchObject({ code: 0, err: "" });
    await flight.settled();
    const { tenures, lost } = await watch.end();
    expect(lost).toBe(0);
    expect(twoAnswers(tenures)).toEqual([]);
    expect(longestMs(silences(tenures))).toBeLessThan(PLANNED_MS_MAX);
    expect<object>(await spoken()).toEqual(after);
  }
});
