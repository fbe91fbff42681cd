import { expect, test } from "bun:test";
import { Random } from "../../../test/harness/seeded-random.ts";
import { leastSpread, spreadOf } from "./aims.ts";

/** The least spread over all ways to give out exactly this many units, one by one. */
function leastByTrying(remaining: readonly number[], load: number): number {
  const column = Int32Array.from(remaining);
  if (load === 0) return spreadOf(column, (1 << remaining.length) - 1);
  return Math.min(
    ...remaining.map((value, server) => leastByTrying(remaining.with(server, value - 1), load - 1)),
  );
}

test("no distribution is more even than the bound, and one reaches it", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const remaining = Array.from({ length: random.between(1, 4) }, () => random.between(0, 5));
    const load = random.between(0, 5);
    const operable = (1 << remaining.length) - 1;
    const column = Int32Array.from(remaining);
    const whole = leastByTrying(remaining, load);
    expect({ seed, least: leastSpread(column, operable, load, true) }).toEqual({
      seed,
      least: whole,
    });
    const loads = Array.from({ length: load + 1 }, (_, less) => leastByTrying(remaining, less));
    expect(leastSpread(column, operable, load, false)).toBeLessThanOrEqual(Math.min(...loads));
  }
});
