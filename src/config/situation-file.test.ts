import { expect, test } from "bun:test";
import { formatProblems, loadConfig } from "./load.ts";
import { loadSituation, parseSituation } from "./situation-file.ts";

const aircraft = loadConfig(undefined);
if (!aircraft.ok) throw new Error(formatProblems(aircraft));
const { config } = aircraft;
const restricted = {
  ...config,
  functions: config.functions.map((entry) => ({ ...entry, servers: ["a"] })),
};

const linesAbout = (state: unknown, about = config): string[] => {
  const result = parseSituation(
    typeof state === "string" ? state : JSON.stringify(state),
    "s",
    about,
  );
  return result.ok ? [] : formatProblems(result).split("\n");
};

test("gives the values of the file, and nothing for omitted ones", () => {
  const state = { owners: { avod: "a", games: null }, down: ["b"], cannotRun: { a: ["games"] } };
  expect(parseSituation(JSON.stringify(state), "s", config)).toEqual({
    ok: true,
    situation: state,
  });
  expect(parseSituation("{}", "s", config)).toEqual({
    ok: true,
    situation: { owners: {}, down: [], cannotRun: {} },
  });
});

test.each<[unknown, string[]]>([
  [
    "{",
    ['s: line 1, column 2: found the end of the file, expected a key in quotation marks or "}"'],
  ],
  [
    [],
    [
      "s: found an empty list, expected a JSON object with owners, down, cannotRun, capacity, held and claimed",
    ],
  ],
  [{ owner: {} }, ['s: owner: found an unknown key, expected "owners"']],
  [{ owners: { avood: "a" } }, ['s: owners.avood: found an unknown key, expected "avod"']],
  [
    { owners: { avod: "c" } },
    ['s: owners.avod: found "c", expected a server that may run it (a or b) or null'],
  ],
  [
    { owners: { avod: 1 } },
    ["s: owners.avod: found 1, expected a server that may run it (a or b) or null"],
  ],
  [{ down: "a" }, ['s: down: found "a", expected a list of servers']],
  [{ down: ["z"] }, ['s: down[0]: found "z", expected a server: a or b']],
  [
    { cannotRun: { z: [] } },
    ["s: cannotRun.z: found an unknown key, expected one of the keys a or b"],
  ],
  [
    { owners: { x: "a" }, down: [3], cannotRun: { a: ["avod", 5] } },
    [
      expect.stringContaining("s: owners.x: found an unknown key") as unknown as string,
      "s: down[0]: found 3, expected a server: a or b",
      expect.stringContaining(
        "s: cannotRun.a[1]: found 5, expected a function: pa-relay, ",
      ) as unknown as string,
    ],
  ],
  [
    { owners: Object.fromEntries(config.functions.map(({ id }) => [id, "a"])), down: ["a"] },
    ['s: owners: found functions on "a" that need 180, expected at most 100, the resource of "a"'],
  ],
])("%j", (state, expected) => {
  expect(linesAbout(state)).toEqual(expected);
});

test("an owner must be one of the servers that may run the function", () => {
  expect(linesAbout({ owners: { avod: "b" } }, restricted)).toEqual([
    's: owners.avod: found "b", expected a server that may run it (a) or null',
  ]);
});

test("an unreadable file", () => {
  expect(loadSituation("/nonexistent", config)).toMatchObject({
    ok: false,
    problems: [{ found: "no such file" }],
  });
});

test("the status of a server is a situation: a server that takes nothing is down", () => {
  const shown = {
    server: "a",
    phase: "active",
    draining: false,
    uptimeMs: 5,
    servers: [
      { id: "a", state: "self", phase: "active", resource: 100 },
      { id: "b", state: "alive", phase: "draining", resource: 100, capacity: 60, holds: true },
    ],
    functions: [
      { id: "avod", owner: "a", state: "running", cannotRunOn: ["b"] },
      { id: "games", owner: null, state: "stopped" },
    ],
  };
  expect(parseSituation(JSON.stringify(shown), "s", config)).toEqual({
    ok: true,
    situation: {
      owners: { avod: "a", games: null },
      down: ["b"],
      cannotRun: { a: [], b: ["avod"] },
      capacity: { b: 60 },
      held: true,
    },
  });
  expect(linesAbout({ ...shown, functions: [{ id: "x", owner: "a" }] })[0]).toStartWith(
    "s: owners.x: found an unknown key",
  );
  expect(linesAbout({ ...shown, servers: [{ id: "a" }] })).toEqual([
    "s: servers.0.state: found an incomplete state, expected the output of wingman status --json",
  ]);
});
