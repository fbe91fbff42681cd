/**
 * Executables of two versions fly together. The recording is of a real flight of two servers of the
 * previous version: a serves, b starts and joins, and each runs two functions. Rows of 4 bytes (µs
 * since the first, as read) and a datagram.
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { SERVER_ALIVE } from "../../src/boundary/server-state.ts";
import { timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { CONTROL_LEAVE } from "../../src/wire/control.ts";
import {
  decodeKeepAlive,
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_VERSION,
  KEEP_ALIVE_VERSION_BEFORE,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import { NominalWorld } from "../simulation/nominal-world.ts";

const row = (required: number, priority: number) => ({
  ...{ required, priority, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 },
});
const table = new FunctionTable([100, 100], [row(40, 10), row(50, 9), row(40, 5), row(30, 2)]);
const timing = timingOf(20, 10, 5, 0);
const PACE_US = 10_000; // two servers, 20 ms each

const recording = Bun.gunzipSync(
  readFileSync(join(import.meta.dir, "keep-alives-of-version-5.bin.gz")),
);
const datagrams = Array.from(
  { length: recording.length / (4 + KEEP_ALIVE_BYTES) },
  (_, at) =>
    new DataView(
      recording.buffer,
      recording.byteOffset + at * (4 + KEEP_ALIVE_BYTES) + 4,
      KEEP_ALIVE_BYTES,
    ),
);

function decoded(view: DataView): KeepAliveMessage {
  const message = new KeepAliveMessage();
  expect(decodeKeepAlive(view, KEEP_ALIVE_BYTES, message)).toBe(true);
  return message;
}

const messages = datagrams.map(decoded);
const lastOf = (server: number): KeepAliveMessage =>
  messages.findLast(({ sender }) => sender === server) as KeepAliveMessage;

test("every datagram of the recording is of the version before, and understood", () => {
  expect(new Set(messages.map(({ version }) => version))).toEqual(
    new Set([KEEP_ALIVE_VERSION_BEFORE]),
  );
  expect(lastOf(0).owns[0]).toBe(0b0011);
  expect(lastOf(1).owns[0]).toBe(0b1100);
});

test.each([0, 1])("in the place of server %i this version sees what that one saw", (self) => {
  const { systemId, digestHigh, digestLow, incarnation, nonce } = lastOf(self);
  const identity = { self, systemId, digestHigh, digestLow, incarnation, nonce };
  const engine = new Engine(table, PREEMPT, identity, timing, 1_000_000, 0);
  const sequence = messages.find(({ sender }) => sender === self)?.sequence as number;
  engine.sender.sequence = sequence - 1;
  datagrams.forEach((view, place) => {
    const nowUs = place * PACE_US;
    const message = messages[place] as KeepAliveMessage;
    if (message.sender === self) {
      engine.beginPeriod(nowUs);
      engine.sender.sequence = message.sequence - 1;
      expect(engine.compose().version).toBe(KEEP_ALIVE_VERSION_BEFORE);
    } else {
      decodeKeepAlive(view, KEEP_ALIVE_BYTES, engine.events.nextMessage());
      engine.events.pushMessage(0);
    }
    engine.step(nowUs);
  });
  const other = 1 - self;
  expect(engine.membership.state[other]).toBe(SERVER_ALIVE);
  expect(engine.membership.latest(other).owns[0]).toBe(lastOf(other).owns[0]);
  // P5 between versions: the same assignment is worked out.
  expect(engine.agreement.digest).toBe(lastOf(other).assignmentDigest);
});

const fleet = new FunctionTable(
  [100, 100, 100, 100],
  [row(40, 10), row(50, 9), row(40, 5), row(30, 2)].map((entry) => ({ ...entry, servers: 15 })),
);

test("updated one after another, then one rolled back: no function is away, all agree", () => {
  const world = new NominalWorld({ table: fleet, policy: PREEMPT, lostAfterPeriods: 5 });
  for (const host of world.hosts) host.isOlder = true;
  world.startAll();
  world.run(2_000);
  const versions = (): number[] =>
    world.hosts.map(({ engine }) => (engine as Engine).sender.message.version);
  const restart = (server: number, isOlder: boolean): void => {
    const host = world.hosts[server] as (typeof world.hosts)[number];
    world.command(host, CONTROL_LEAVE);
    world.run(500);
    host.isOlder = isOlder;
    world.start(host);
    world.run(2_000);
  };
  const sinceUs = world.nowUs;
  for (const server of [0, 1, 2, 3]) {
    restart(server, false);
    const expected = server < 3 ? KEEP_ALIVE_VERSION_BEFORE : KEEP_ALIVE_VERSION;
    expect(versions()).toEqual([expected, expected, expected, expected]);
  }
  restart(2, true);
  expect(versions()).toEqual(Array(4).fill(KEEP_ALIVE_VERSION_BEFORE));
  restart(2, false);
  expect(versions()).toEqual(Array(4).fill(KEEP_ALIVE_VERSION));
  for (let index = 0; index < fleet.functionCount; index++)
    expect(world.awayUs(index, sinceUs)).toBeLessThan(50_000);
});
