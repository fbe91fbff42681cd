import { describe, expect, test } from "bun:test";
import type { LogEntry } from "../manage/maintenance.ts";
import {
  agreedOwners,
  Bounds,
  type ConsoleView,
  loads,
  mostImportant,
  movable,
  NOBODY,
  notRunning,
  overloads,
  sinceHeard,
  unserved,
  wrongStates,
} from "./console-verdict.ts";
import { search } from "./steps-console-log.ts";

/** Two servers of 100: a runs pa (60) and map (30), b runs games (50); film (80) runs nowhere. */
function view(id: "a" | "b", owners: Readonly<Record<string, string | null>> = {}): ConsoleView {
  const shown = (name: string, priority: number, required: number, owner: string | null) => {
    const now = name in owners ? (owners[name] ?? null) : owner;
    return {
      id: name,
      priority,
      required,
      owner: now,
      state: now === null ? "stopped" : "running",
    };
  };
  const other = id === "a" ? "b" : "a";
  return {
    id,
    servers: [
      { id, state: "self", resource: 100, remaining: 10, lastHeardMs: 0 },
      { id: other, state: "alive", resource: 100, remaining: 50, lastHeardMs: 12 },
    ],
    functions: [
      shown("pa", 10, 60, "a"),
      shown("map", 5, 30, "a"),
      shown("games", 2, 50, "b"),
      shown("film", 1, 80, null),
    ],
    spanMs: 30,
  };
}

const lost = (seen: ConsoleView): ConsoleView => ({
  ...seen,
  servers: seen.servers.map((server) =>
    server.state === "alive" ? { ...server, state: "lost" } : server,
  ),
});

describe("what the consoles show together", () => {
  test("owners are those that all name", () => {
    expect(agreedOwners([view("a"), view("b")])).toEqual({
      owners: { pa: "a", map: "a", games: "b", film: null },
      disagreed: [],
    });
    expect(agreedOwners([view("a"), view("b", { map: "b" })])).toEqual({
      owners: { pa: "a", map: null, games: "b", film: null },
      disagreed: ["map"],
    });
  });

  test("servers are seen alive, and lost when they are off", () => {
    expect(wrongStates([view("a"), view("b")], NOBODY)).toEqual([]);
    expect(wrongStates([lost(view("a"))], NOBODY)).toEqual(["a sees b as lost"]);
    expect(wrongStates([lost(view("a"))], { off: ["b"], drained: [] })).toEqual([]);
    expect(wrongStates([view("a")], { off: ["b"], drained: [] })).toEqual(["a sees b as alive"]);
  });

  test("capacity", () => {
    expect(overloads([view("a"), view("b")])).toEqual([]);
    expect(overloads([view("a", { games: "a" })])).toEqual(["a has 100 and gives 140"]);
    expect(loads([view("a")])).toEqual(["a 90 of 100", "b 50 of 100"]);
  });

  test("functions that run nowhere must have no room, and servers that are off or drained must run nothing", () => {
    expect(unserved([view("a")], NOBODY)).toEqual([]);
    expect(unserved([view("a", { map: null })], NOBODY)).toEqual([
      expect.stringMatching(/^map runs nowhere, and a has room/),
    ]);
    expect(unserved([view("a")], { off: [], drained: ["b"] })).toEqual([
      "games is still said to run on b",
    ]);
    expect(unserved([view("a", { games: null })], { off: ["b"], drained: [] })).toEqual([]);
    expect(unserved([], NOBODY)).toEqual(["no console answers"]);
  });

  test("the owner itself must run it", () => {
    const starting = view("a");
    const functions = starting.functions.map((entry) => ({ ...entry, state: "starting" }));
    expect(notRunning([{ ...starting, functions }])).toEqual([
      "pa on a is starting",
      "map on a is starting",
    ]);
    expect(notRunning([view("a"), view("b")])).toEqual([]);
  });
});

test("functions and servers chosen for the steps", () => {
  expect(mostImportant(view("b"), ["a", "b"])).toBe("a");
  expect(mostImportant(view("b"), ["b"])).toBe("b");
  expect(movable(view("a"), () => true)).toEqual({ functionId: "map", from: "a", to: "b" });
  // games does not fit on a, nor pa on b
  expect(movable(view("a"), (id) => id !== "map")).toBeNull();
});

test("times between two looks", () => {
  const bounds = new Bounds();
  expect(bounds.text).toBe("never");
  for (const [isSo, ms] of [
    [false, 20],
    [false, 90],
    [true, 130],
    [true, 250],
    [false, 400],
  ] as const) {
    bounds.take(isSo, { from: ms, to: ms + 5 });
  }
  expect([bounds.notYetMs, bounds.byMs, bounds.text]).toEqual([
    90,
    135,
    "later than 90 ms and within 135 ms",
  ]);
  expect(sinceHeard(view("a"), "b")).toEqual({ from: 12, to: 42 });
});

test("a record is found after the beginning, or was held back for coming too often", () => {
  const record = (
    sequence: number,
    minutes: number,
    detail = "DRAIN",
    kind: LogEntry["kind"] = "event",
  ): LogEntry => ({
    ...{
      sequence,
      powerOn: 1,
      bootUs: minutes * 60e6,
      utcMs: null,
      leg: 0,
      server: "a",
      kind,
      code: 430,
    },
    ...{
      label: "WNG-0430",
      text: "MAINTENANCE ACTION",
      class: 0,
      ata: "",
      function: "",
      detail,
      count: 1,
      nature: null,
    },
  });
  const expected = { server: "a", codes: [430], detail: "DRAIN" };
  expect(search([record(4, 1), record(9, 5)], 4, expected)).toEqual({
    found: "record 9: WNG-0430 MAINTENANCE ACTION DRAIN",
    isThere: true,
  });
  expect(
    search([record(4, 1), record(9, 5, "RESUME"), record(10, 5, "DRAIN", "cleared")], 4, expected),
  ).toEqual({
    found: "none",
    isThere: false,
  });
  const often = [record(1, 1), record(2, 2), record(3, 3)];
  expect(search([...often, record(9, 30, "RESUME")], 4, expected).found).toStartWith(
    "held back: 3 of them",
  );
  expect(search([...often, record(9, 62, "RESUME")], 4, expected).isThere).toBe(false);
});
