/**
 * The saved form is sufficient, and states that count as equal have the same future: random flights
 * take the same course whether or not they are saved and restored at every tick.
 */
import { expect, test } from "bun:test";
import { type ExploredAircraft, optionsOf } from "./aircraft-explored.ts";
import { ExploredWorld } from "./explored-world.ts";
import type { Fields } from "./field-kinds.ts";
import { CORE } from "./fields-core.ts";
import { WORLD } from "./fields-world.ts";
import { KIND_NAMES, movesOf } from "./moves.ts";
import { objectsOf } from "./object-walk.ts";
import { walk } from "./walk.ts";

const AIRCRAFT: readonly (readonly [string, ExploredAircraft])[] = [
  ["two servers, 10 ms × 5", { servers: 2 }],
  ["two servers, 40 ms × 3", { servers: 2, periodMs: 40, lostAfterPeriods: 3 }],
  ["two servers without a lease", { servers: 2, leaseTicksMs: null }],
  ["two servers, a precise lease", { servers: 2, leaseTicksMs: 0 }],
  ["two servers, two functions, no room to spare", { servers: 2, functions: 2, isRoomy: false }],
  ["two servers on two networks", { servers: 2, networks: 2 }],
  ["three servers, two functions", { servers: 3, functions: 2 }],
];
const SEEDS = 12;
const TICKS = 400;

test.each(AIRCRAFT)(
  "%s: a walk is the same when it is saved and restored at every tick",
  (_, aircraft) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const options = optionsOf(aircraft);
      expect(
        walk({ options, seed, ticks: TICKS, every: 4 + (seed % 20) }),
        `seed ${seed}`,
      ).toBeNull();
    }
  },
);

/** The values of everything that is called fixed. */
function fixedOf(world: ExploredWorld): Map<string, string> {
  const tables: Readonly<Record<string, Fields>> = { ...CORE, ...WORLD };
  const found = new Map<string, string>();
  for (const { object, className, path } of objectsOf(world, new Set(["snapshot"]))) {
    for (const [field, { kind }] of Object.entries(tables[className] ?? {})) {
      if (kind !== "fixed" || path.includes("message")) continue;
      const value = (object as Record<string, unknown>)[field];
      found.set(
        `${path}.${field}`,
        ArrayBuffer.isView(value)
          ? String(value)
          : typeof value === "object"
            ? "an object"
            : String(value),
      );
    }
  }
  return found;
}

test("fields called fixed do not change after construction", () => {
  const world = new ExploredWorld(optionsOf({ servers: 2, functions: 2, networks: 2 }), false);
  const moves = movesOf(world, { kinds: KIND_NAMES });
  for (const host of world.hosts) world.switchOn(host);
  world.tick();
  const before = fixedOf(world);
  for (let tick = 0; tick < 3_000; tick++) {
    const move = moves[(tick * 7) % moves.length];
    if (tick % 9 === 0 && move?.applies() === true && world.losses.isDone()) move.apply();
    if (tick % 50 === 0)
      for (const each of moves) if (each.kind === null && each.applies()) each.apply();
    try {
      world.tick();
    } catch {
      // violations are looked for elsewhere
    }
    world.losses.lost.fill(0);
    world.losses.late.fill(0);
  }
  const after = fixedOf(world);
  expect(before.size).toBeGreaterThan(150);
  for (const [path, value] of after)
    if (before.has(path)) expect(`${path} ${value}`).toBe(`${path} ${before.get(path)}`);
});
