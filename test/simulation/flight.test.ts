/** Flights from seeds, with every property checked after every step. Each commit flies new ones. */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { LEASE_TICKS_MS } from "../../src/limits.ts";
import {
  MARK_COMMON,
  MARK_EXTRA_SENDS_SPENT,
  MARK_NAMES,
  MARK_REACTION_FOUND,
} from "../../src/marks.ts";
import { seedOfCommit } from "./commit-seed.ts";
import { FAULTS } from "./fault-kinds.ts";
import { STATES } from "./faults.ts";
import { fly } from "./flight.ts";
import { shrink } from "./shrink.ts";
import { Totals } from "./totals.ts";

const ROOT = join(import.meta.dir, "../..");
const NEW_SEEDS = 300;
const MIXED_SEEDS = 60;
/**
 * Flights that are always the same, with many faults, in which everything that can be reached is
 * reached.
 */
const ENSEMBLE_SEEDS = 650;
const ENSEMBLE_FAULTS = 60;
/** One in about a hundred of these comes that far. */
const CROWDED_SEEDS = 400;

const newSeed = seedOfCommit();
const CHUNK = 50;
for (let first = 0; first < NEW_SEEDS; first += CHUNK) {
  test(`seeds ${newSeed + first} to ${newSeed + first + CHUNK - 1}, a lease to the µs and to 20 ms`, () => {
    for (let seed = newSeed + first; seed < newSeed + first + CHUNK; seed++) {
      const leaseTicksMs = seed % 2 === 0 ? 0 : LEASE_TICKS_MS;
      const { violation } = fly({ seed, leaseTicksMs });
      const again = `npm run simulate -- --seed ${seed} --ticks ${leaseTicksMs}`;
      expect(violation, again).toBeNull();
    }
  });
}

test(`seeds ${newSeed} to ${newSeed + MIXED_SEEDS - 1}, each start of either of two versions`, () => {
  for (let seed = newSeed; seed < newSeed + MIXED_SEEDS; seed++) {
    const { violation } = fly({ seed, isMixed: true });
    expect(violation, `npm run simulate -- --seed ${seed} --mixed`).toBeNull();
  }
});

describe("the same every time", () => {
  const SEEDS = [3, 77, 1234];

  test("a seed flies the same way twice in one process, whatever flew in between", () => {
    const digests = SEEDS.map((seed) => fly({ seed }).traceDigest);
    for (let seed = 100; seed < 105; seed++) fly({ seed });
    expect(SEEDS.map((seed) => fly({ seed }).traceDigest)).toEqual(digests);
    expect(new Set(digests).size).toBe(SEEDS.length);
  });

  test("and in another process, where its trace is written down", () => {
    for (const seed of SEEDS) {
      const { stdout } = Bun.spawnSync(
        [process.execPath, "scripts/simulate.ts", "--seed", String(seed)],
        {
          cwd: ROOT,
        },
      );
      expect(stdout.toString()).toContain(`\ntrace ${fly({ seed }).traceDigest}\n`);
    }
  });

  test("steps in which nothing changed may be left out: the flight is the same without leaving any out", () => {
    for (let seed = 500; seed < 540; seed++) {
      expect(fly({ seed, skipsNothing: true }).traceDigest).toBe(fly({ seed }).traceDigest);
    }
  });

  test("whether reactions were worked out ahead of an event changes nothing", () => {
    let found = 0;
    for (let seed = 600; seed < 640; seed++) {
      const ahead = fly({ seed, policy: "planned" });
      const { traceDigest } = fly({ seed, policy: "planned", plansAhead: false });
      expect({ seed, traceDigest }).toEqual({ seed, traceDigest: ahead.traceDigest });
      found += ahead.marks[MARK_REACTION_FOUND] as number;
    }
    expect(found).toBeGreaterThan(20);
  });

  test("a flight with one fault less is another flight", () => {
    const whole = fly({ seed: 5 });
    // Some never begin, or have no target.
    const others = whole.faults.map((left) =>
      fly({ seed: 5, faults: whole.faults.filter((fault) => fault !== left) }),
    );
    const changed = others.filter(({ traceDigest }) => traceDigest !== whole.traceDigest);
    expect(changed.length).toBeGreaterThan(whole.faults.length / 2);
  });
});

describe("what the flights reach", () => {
  const totals = new Totals();
  for (let seed = 1; seed <= ENSEMBLE_SEEDS; seed++)
    totals.add(seed, fly({ seed, faultCount: ENSEMBLE_FAULTS }));
  // With this many servers and changes in one long period a server may no longer send at once.
  for (let seed = 1; totals.marks[MARK_EXTRA_SENDS_SPENT] === 0 && seed <= CROWDED_SEEDS; seed++)
    totals.add(seed, fly({ seed, servers: 16, periodMs: 100, faultCount: ENSEMBLE_FAULTS }));

  test("nothing is violated", () => {
    expect(totals.violation).toBeNull();
  });

  test("every rare branch of the core that has a name is taken", () => {
    const missed = MARK_NAMES.filter((_, mark) => mark !== MARK_COMMON && totals.marks[mark] === 0);
    expect(missed).toEqual([]);
  });

  test("every fault hits servers in every state", () => {
    const missed = FAULTS.flatMap((kind, row) =>
      STATES.filter((_, state) => totals.covered[row * STATES.length + state] === 0).map(
        (state) => `${kind}: ${state}`,
      ),
    );
    expect(missed).toEqual([]);
  });
});

test("a failure that shows in no shorter flight is given back as it was", () => {
  const failed = { ...fly({ seed: 5 }), violation: { property: "none", message: "" } };
  expect(shrink({ seed: 5 }, failed)).toBe(failed);
});
