/**
 * The flying policies compared with the naive reference of the flow charts, on thousands of random
 * systems.
 */
import { describe, expect, test } from "bun:test";
import { Allocation, type Policy } from "../../src/allocation/allocation.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { RESET } from "../../src/allocation/reset.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { Random } from "../harness/seeded-random.ts";
import { randomSystem } from "./random-system.ts";
import { FIGURES, type FigureName, type Outcome, type System } from "./reference.ts";
import { afterwards, allocate } from "./systems.ts";

const SMALL_SEEDS = 3000;
const SMALL_FUNCTIONS_MAX = 48;
const LARGE_SEEDS = 40;
const TIMEOUT_MS = 300_000;

/** Cases reached by the random systems, so that agreement on easy cases only would be noticed. */
interface Reached {
  labels: Set<string>;
  serverCounts: Set<number>;
  functionsMost: number;
  functionsLeast: number;
  ownersOnServersDown: number;
}

function compare(
  seeds: number,
  functionsMax: number,
  policy: Policy,
  figure: (system: System) => Outcome,
): Reached {
  const reached: Reached = {
    labels: new Set(),
    serverCounts: new Set(),
    functionsMost: 0,
    functionsLeast: FUNCTIONS_MAX,
    ownersOnServersDown: 0,
  };
  const allocation = new Allocation(); // one for all, as in flight
  for (let seed = 1; seed <= seeds; seed++) {
    const random = new Random(seed);
    let system = randomSystem(random, functionsMax);
    // Every other system is one in flight: what runs was given out in an orderly way before some
    // server failed.
    if (random.oneIn(2)) {
      system = afterwards(system, figure({ ...system, operable: system.operable.map(() => true) }));
    }
    const expected = figure(system);
    const { assigned, remaining, stops } = allocate(policy, system, allocation);
    const found = { seed, assigned, remaining, stops };
    expect(found).toEqual({
      seed,
      assigned: expected.assigned,
      remaining: expected.remaining,
      stops: expected.stopped.length,
    });

    for (const label of expected.labels) reached.labels.add(label);
    reached.serverCounts.add(system.resources.length);
    reached.functionsMost = Math.max(reached.functionsMost, system.functions.length);
    reached.functionsLeast = Math.min(reached.functionsLeast, system.functions.length);
    for (const { owner } of system.functions) {
      if (owner !== null && !system.operable[owner]) reached.ownersOnServersDown++;
    }
  }
  return reached;
}

const LABELS: Readonly<Record<FigureName, string[]>> = {
  reset: ["S2", "S3", "S4", "S5", "S5 No", "S5 Yes", "S6", "S8"],
  preempt: [
    "S11",
    "S12 No",
    "S12 Yes",
    "S13",
    "S14",
    "S15",
    "S16",
    "S3",
    "S4",
    "S5",
    "S5 No",
    "S5 Yes",
    "S6",
    "S8",
  ],
};

describe.each([RESET, PREEMPT])("$name agrees with its flow chart", (policy) => {
  const figure = FIGURES[policy.name];
  const labels = LABELS[policy.name];

  test(
    `on ${SMALL_SEEDS} systems of up to ${SMALL_FUNCTIONS_MAX} functions, which pass every label of the chart`,
    () => {
      const reached = compare(SMALL_SEEDS, SMALL_FUNCTIONS_MAX, policy, figure);
      expect([...reached.labels].sort()).toEqual(labels);
      expect(reached.serverCounts.size).toBe(SERVERS_MAX);
      expect(reached.functionsLeast).toBe(0);
      expect(reached.ownersOnServersDown).toBeGreaterThan(SMALL_SEEDS);
    },
    TIMEOUT_MS,
  );

  test(
    `on ${LARGE_SEEDS} systems of up to ${FUNCTIONS_MAX} functions`,
    () => {
      const reached = compare(LARGE_SEEDS, FUNCTIONS_MAX, policy, figure);
      expect([...reached.labels].sort()).toEqual(labels);
      expect(reached.functionsMost).toBeGreaterThan(900);
    },
    TIMEOUT_MS,
  );

  test(
    "on the largest aircraft: 1,024 functions and 16 servers",
    () => {
      const random = new Random(1024);
      const servers = Array.from({ length: SERVERS_MAX }, (_, x) => x);
      const system: System = {
        resources: servers.map(() => random.between(500, 1000)),
        operable: servers.map((x) => x !== 3 && x !== 11),
        functions: Array.from({ length: FUNCTIONS_MAX }, () => ({
          required: random.between(1, 30),
          priority: random.between(1, 10),
          servers,
          cannotRunOn: [],
          owner: random.between(0, SERVERS_MAX - 1),
        })),
      };
      const expected = figure(system);
      const { assigned, remaining, stops } = allocate(policy, system);
      expect({ assigned, remaining, stops }).toEqual({
        assigned: expected.assigned,
        remaining: expected.remaining,
        stops: expected.stopped.length,
      });
    },
    TIMEOUT_MS,
  );
});
