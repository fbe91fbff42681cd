/**
 * Two real daemons on a table with two dimensions of resource, functions that must be together and
 * functions that must be apart. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { RunningDaemon } from "../../src/supervisor/running-daemon.ts";
import { Flight, ownersOf, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

const rows = (streams: readonly number[], keys: readonly object[]) =>
  TABLE.functions.map((row, index) => ({
    ...{ ...row, required: { cpu: 10, streams: streams[index] } },
    ...keys[index],
  }));

/** The first two take most of a server's streams each. */
const DIMENSIONS = {
  ...TABLE,
  servers: TABLE.servers.map(({ id }) => ({ id, resource: { cpu: 100, streams: 40 } })),
  functions: rows([30, 30, 5, 5], [{}, {}, {}, { apartFrom: ["map"] }]),
};
const ANNOUNCEMENTS = 0;
const MAP = 2;
const GAMES = 3;

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

/** The answer of a when it does not move a function to a server where it cannot run. */
async function refusal(index: number, owner: string | null | undefined): Promise<string> {
  try {
    await new RunningDaemon(flight.a.runDirectory).move(index, owner === "a" ? 1 : 0);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "none";
}

test("every dimension and functions that must be apart: at the start, in a move, when a server goes", async () => {
  flight.a.start(DIMENSIONS);
  flight.b.start(DIMENSIONS);
  const [state] = await flight.settled();
  const before = ownersOf(state);
  expect(Object.values(before)).not.toContain(null);
  expect(before.announcements).not.toBe(before["safety-video"]);
  expect(before.games).not.toBe(before.map);
  expect(await refusal(ANNOUNCEMENTS, before.announcements)).toBe("ROOM");
  expect(await refusal(MAP, before.map)).toBe("ROOM");
  await flight.a.stop();
  // There are streams for one of the first two, and games may not be where map is.
  await until("b runs what it may", () => {
    const now = flight.b.state();
    const owners = now === null ? {} : ownersOf(now);
    return owners.announcements === "b" && owners.map === "b" && owners["safety-video"] === null;
  });
  expect(ownersOf(flight.b.state() ?? flight.fail())).toEqual({
    announcements: "b",
    "safety-video": null,
    map: "b",
    games: null,
  });
  expect(flight.b.vips().toSorted()).toEqual(["10.44.1.1", "10.44.1.3", "fd44:0:0:1::1"]);
});

test("functions that must be together are on one server, and move to no other one alone", async () => {
  const table = { ...DIMENSIONS, functions: rows([5, 5, 5, 5], [{}, {}, {}, { with: ["map"] }]) };
  flight.a.start(table);
  flight.b.start(table);
  const [state] = await flight.settled();
  const before = ownersOf(state);
  expect(Object.values(before)).not.toContain(null);
  expect(before.games).toBe(before.map);
  expect(await refusal(GAMES, before.games)).toBe("ROOM");
  expect(await refusal(MAP, before.map)).toBe("ROOM");
});
