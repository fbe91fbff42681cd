import { describe, expect, test } from "bun:test";
import { formatProblems, loadConfig, parseConfig } from "./load.ts";
import type { AircraftConfig } from "./model.ts";
import { failures, NOTHING_RUNS, WhatIf } from "./what-if.ts";

/** Servers as id: resource; functions as id: [required, priority]. */
const aircraft = (
  servers: Record<string, number>,
  functions: Record<string, [number, number]>,
): AircraftConfig => {
  const text = JSON.stringify({
    system: "test",
    allocation: "preempt",
    servers: Object.entries(servers).map(([id, resource]) => ({ id, resource })),
    functions: Object.entries(functions).map(([id, [required, priority]], index) => ({
      ...{ id, required, priority },
      vips: [`10.44.1.${index + 1}/16`],
    })),
  });
  const result = parseConfig(text, "test", "/");
  if (!result.ok) throw new Error(formatProblems(result));
  return result.config;
};

const TWO = aircraft({ a: 100, b: 100 }, { low: [60, 1], high: [60, 10], mid: [30, 5] });

describe("WhatIf", () => {
  test("gives out from nothing, the most important first", () => {
    const plan = new WhatIf(TWO).planWithAllServers();
    expect(plan.steps).toBeGreaterThan(0);
    expect(plan).toEqual({
      policy: "preempt",
      alive: ["a", "b"],
      assignment: { low: "b", high: "a", mid: "b" },
      started: ["high", "mid", "low"],
      moved: [],
      stopped: [],
      remaining: { a: 40, b: 10 },
      optimal: null,
      steps: plan.steps,
    });
  });

  test("a function owned by a server that is down counts as unallocated", () => {
    const plan = new WhatIf(TWO).plan({
      owners: { high: "a", mid: "b", low: null },
      down: ["a"],
      cannotRun: {},
    });
    expect(plan).toMatchObject({
      alive: ["b"],
      assignment: { high: "b", mid: "b", low: null },
      started: ["high"],
      moved: [],
      stopped: [],
      remaining: { b: 10 },
    });
    expect(Object.keys(plan.remaining)).toEqual(["b"]);
  });

  test("what a server stops for a more important function is stopped", () => {
    const plan = new WhatIf(TWO).plan({
      owners: { high: "a", low: "b", mid: "b" },
      down: ["a"],
      cannotRun: {},
    });
    expect(plan).toMatchObject({
      started: ["high"],
      stopped: ["low"],
      assignment: { high: "b", mid: "b", low: null },
    });
    expect(new WhatIf(TWO).notRunning(plan)).toEqual(["low"]);
  });

  test("a function moves away from a server that cannot run it", () => {
    const plan = new WhatIf(TWO).plan({
      owners: { mid: "b" },
      down: [],
      cannotRun: { b: ["mid"] },
    });
    expect(plan.moved).toEqual([{ function: "mid", from: "b", to: "a" }]);
  });

  test("reset moves what preempt leaves alone", () => {
    const situation = { owners: { high: "b", mid: "a", low: null }, down: [], cannotRun: {} };
    expect(new WhatIf(TWO, "preempt").plan(situation).moved).toEqual([]);
    expect(new WhatIf(TWO, "reset").plan(situation).moved).toEqual([
      { function: "high", from: "b", to: "a" },
      { function: "mid", from: "a", to: "b" },
    ]);
  });

  test("without any server nothing runs", () => {
    const plan = new WhatIf(TWO).plan({ ...NOTHING_RUNS, down: ["a", "b"] });
    expect(plan).toMatchObject({
      alive: [],
      assignment: { low: null, high: null, mid: null },
      remaining: {},
    });
  });

  test("nothing is left over from the question before", () => {
    const whatIf = new WhatIf(TWO);
    const fresh = whatIf.planWithAllServers();
    whatIf.plan({ owners: { low: "a" }, down: ["b"], cannotRun: { a: ["high"], b: ["mid"] } });
    expect(whatIf.planWithAllServers()).toEqual(fresh);
  });

  test("with every failure of the embedded aircraft the plan adds up", () => {
    const result = loadConfig(undefined);
    if (!result.ok) throw new Error(formatProblems(result));
    const { config } = result;
    const whatIf = new WhatIf(config);
    const owners = whatIf.planWithAllServers().assignment;
    for (const down of failures(config.servers.map(({ id }) => id))) {
      const plan = whatIf.plan({ owners, down, cannotRun: {} });
      for (const { id, resource } of config.servers.filter((server) =>
        plan.alive.includes(server.id),
      )) {
        const load = config.functions.reduce(
          (sum, entry) => sum + (plan.assignment[entry.id] === id ? entry.required : 0),
          0,
        );
        expect(plan.remaining[id]).toBe(resource - load);
      }
    }
  });
});

test("failures are every single and every pair", () => {
  expect(failures(["a", "b", "c"])).toEqual([
    ["a"],
    ["b"],
    ["c"],
    ["a", "b"],
    ["a", "c"],
    ["b", "c"],
  ]);
  expect(failures(["a"])).toEqual([["a"]]);
  expect(failures(Array.from({ length: 16 }, (_, index) => `s${index}`))).toHaveLength(16 + 120);
});
