import { expect, test } from "bun:test";
import { type Pace, paceIntervals, SEAT_COUNT } from "./probe-pace.ts";

const targets = (count: number) =>
  Array.from({ length: count }, (_, functionIndex) => ({ functionIndex }));

/** Probes of all seats in a second. */
const probes = (count: number, pace: Pace) =>
  paceIntervals(targets(count), pace).reduce(
    (sum, intervalMs) => sum + (SEAT_COUNT * 1000) / intervalMs,
    0,
  );

test("a few VIPs are called every few milliseconds", () => {
  expect(paceIntervals(targets(12), "normal")).toEqual(Array(12).fill(4));
});

test("many VIPs are called less often, to limit the machine's load", () => {
  for (const count of [1, 16, 60, 1000]) {
    for (const pace of ["normal", "resting", new Set([0, 1, 2])] as const) {
      expect(probes(count, pace)).toBeLessThanOrEqual(8000);
    }
  }
  expect(probes(1000, "resting")).toBeLessThanOrEqual(2500);
});

test("the VIPs that matter are called more often than the others", () => {
  const intervals = paceIntervals(targets(12), new Set([3]));
  expect(intervals[3]).toBe(2);
  expect(Math.min(...intervals.filter((_, number) => number !== 3))).toBeGreaterThanOrEqual(10);
});
