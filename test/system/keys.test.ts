/** Keys and recordings between real daemons. Needs root and `ip`. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import { Flight, ownersOf, type Server, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

const GROUP = "239.192.44.1";
const PORT = 44_100;

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
  for (const server of [flight.a, flight.b]) {
    writeKey(server, "old.key", "an old key of 20 byte");
    writeKey(server, "new.key", "a new key of 19 byte");
  }
});
afterEach(async () => {
  await flight.close();
});

function writeKey(server: Server, name: string, key: string, mode = 0o600): void {
  writeFileSync(join(server.runDirectory, "..", name), key, { mode });
}

function keyed(keyFile: string | null, acceptKeyFile: string | null = null): object {
  return { ...TABLE, keepAlive: { ...TABLE.keepAlive, keyFile, acceptKeyFile } };
}

const unauthenticated = (): number[] =>
  [flight.a, flight.b].map(
    (server) => (server.state() ?? flight.fail()).keepAlive.rejected.authentication ?? 0,
  );

test("the key is changed in three steps, server by server, and no server ever rejects another", async () => {
  for (const server of [flight.a, flight.b]) server.start(keyed("old.key"));
  await flight.settled();
  for (const step of [keyed("old.key", "new.key"), keyed("new.key", "old.key"), keyed("new.key")]) {
    for (const server of [flight.b, flight.a]) {
      await server.stop();
      server.start(step);
      const [state] = await flight.settled();
      expect(state.servers.map(({ state }) => state).sort()).toEqual(["alive", "self"]);
      expect(unauthenticated()).toEqual([0, 0]);
    }
  }
  // Without the second key, the counter would have shown it.
  await flight.b.stop();
  flight.b.start(keyed("old.key"));
  await until("each rejects the other", () =>
    [flight.a, flight.b].every(
      (server) => (server.state()?.keepAlive.rejected.authentication ?? 0) > 5,
    ),
  );
});

test("problems of both key files are reported before anything starts", async () => {
  writeKey(flight.a, "open.key", "a key that others may read", 0o644);
  flight.a.start(keyed("nowhere.key", "open.key"));
  expect(await flight.a.exited()).toBe(2);
  await flight.a.logs("keepAlive.keyFile: found no such file at ");
  await flight.a.logs("keepAlive.acceptKeyFile: found mode 0644 at ");
  await flight.a.logs("expected 0600 or 0400");
  flight.b.start(keyed(null, "new.key"));
  expect(await flight.b.exited()).toBe(2);
  await flight.b.logs('keepAlive.acceptKeyFile: found "new.key" without keepAlive.keyFile');
});

describe("recordings", () => {
  const RECORDED = 100;
  let attacker: MulticastSocket;
  let recording: NativeMemory[];

  /** Both servers fly, and somebody on the client network writes down what they send. */
  beforeEach(async () => {
    for (const server of [flight.a, flight.b]) server.start(keyed("old.key"));
    await flight.settled();
    attacker = flight.seat.inside(
      () => new MulticastSocket({ interfaceName: "eth0", group: GROUP, port: PORT }),
    );
    recording = [];
    await until("enough is recorded", () => {
      while (recording.length < RECORDED && attacker.receive() === KEEP_ALIVE_BYTES) {
        const datagram = new NativeMemory(KEEP_ALIVE_BYTES);
        datagram.bytes.set(attacker.received.bytes.slice(0, KEEP_ALIVE_BYTES));
        recording.push(datagram);
      }
      return recording.length === RECORDED;
    });
  });
  afterEach(() => attacker.close());

  /** Sends all of it for longer than servers need to be taken for alive. */
  async function replay(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      for (const datagram of recording) {
        expect(attacker.send(datagram, 0, KEEP_ALIVE_BYTES)).toBe(0);
        await Bun.sleep(1);
      }
    }
    await Bun.sleep(100);
  }

  test("of earlier incarnations of both servers change nothing but counters", async () => {
    for (const server of [flight.a, flight.b]) await server.stop();
    for (const server of [flight.a, flight.b]) server.start(keyed("old.key"));
    const before = await flight.settled();
    const logs = [flight.a.log, flight.b.log];
    await replay();
    const after = await flight.settled();
    expect([flight.a.log, flight.b.log]).toEqual(logs);
    after.forEach((state, index) => {
      const earlier = before[index] as (typeof before)[number];
      expect([state.phase, state.incarnation]).toEqual([earlier.phase, earlier.incarnation]);
      expect(state.servers.map(({ state }) => state)).toEqual(
        earlier.servers.map(({ state }) => state),
      );
      expect(ownersOf(state)).toEqual(ownersOf(earlier));
      // While an incarnation is heard, another one of the same server is unknown.
      const { replay = 0, unknown = 0 } = state.keepAlive.rejected;
      expect(replay + unknown).toBeGreaterThan(RECORDED);
    });
  });

  test("of a server that has gone do not bring it back, although it has had another incarnation since", async () => {
    await flight.b.stop();
    flight.b.start(keyed("old.key"));
    await flight.settled();
    await flight.b.stop();
    await until("a knows that b has gone", () => {
      const state = flight.a.state();
      return (
        state !== null &&
        state.servers[1]?.state !== "alive" &&
        state.functions.every(({ owner }) => owner !== "b")
      );
    });
    const before = flight.a.state() ?? flight.fail();
    const { log } = flight.a;
    await replay();
    const after = flight.a.state() ?? flight.fail();
    expect(after.servers.map(({ state }) => state)).toEqual(
      before.servers.map(({ state }) => state),
    );
    expect(ownersOf(after)).toEqual(ownersOf(before));
    expect(flight.a.log).toBe(log);
    expect(after.keepAlive.rejected.replay).toBeGreaterThan(RECORDED);
  });
});
