import { expect, test } from "bun:test";
import { SeededRandom } from "../harness/seeded-random.ts";
import { type Fault, faultsOfBurst, laneOf } from "./fault-plan.ts";

const LENGTH_MS = 20_000;
const drawn = (seed: number, serverCount = 3): Fault[] =>
  faultsOfBurst(new SeededRandom(seed), serverCount, LENGTH_MS);

test("a seed gives the same faults every time, another seed others", () => {
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
});

test("all faults are taken back when the burst ends, and those of one lane do not overlap", () => {
  for (let seed = 0; seed < 50; seed++) {
    const untilMs = new Map<string, number>();
    for (const fault of drawn(seed)) {
      const endMs = fault.atMs + fault.lengthMs;
      expect(endMs).toBeLessThanOrEqual(LENGTH_MS);
      expect(fault.atMs).toBeGreaterThan(untilMs.get(laneOf(fault)) ?? -1);
      untilMs.set(laneOf(fault), endMs);
    }
  }
});

test("some seeds together bring every kind to every server, pauses from 2 ms to 5 s, and faults of all servers at once", () => {
  const all = Array.from({ length: 50 }, (_, seed) => drawn(seed));
  const faults = all.flat();
  expect(new Set(faults.map(({ kind, server }) => `${kind} ${server}`)).size).toBe(12 * 3);
  const pauses = faults
    .filter(({ kind }) => kind.startsWith("pause"))
    .map(({ lengthMs }) => lengthMs);
  expect(Math.min(...pauses)).toBe(2);
  expect(Math.max(...pauses)).toBeGreaterThan(4000);
  const atOnce = all.some((burst) =>
    burst.some(
      ({ atMs, kind }) =>
        kind === "kill all" && burst.filter((other) => other.atMs === atMs).length === 3,
    ),
  );
  expect(atOnce).toBe(true);
});
