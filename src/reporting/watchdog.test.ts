import { expect, test } from "bun:test";
import { FeedingRhythm } from "./watchdog.ts";

test("due at once, then a share of the time-out after each feeding", () => {
  const rhythm = new FeedingRhythm(10_000_000, 4);
  expect(rhythm.intervalUs).toBe(2_500_000);
  expect(rhythm.isDue(5)).toBe(true);
  rhythm.fed(5);
  expect(rhythm.isDue(2_500_004)).toBe(false);
  expect(rhythm.isDue(2_500_005)).toBe(true);
});

test("a refused feeding stays due, and a late one does not bring the next one forward", () => {
  const rhythm = new FeedingRhythm(3_000_000, 3);
  rhythm.fed(0);
  for (const nowUs of [1_000_000, 1_000_001, 2_700_000]) expect(rhythm.isDue(nowUs)).toBe(true);
  rhythm.fed(2_700_000);
  expect(rhythm.isDue(3_699_999)).toBe(false);
  expect(rhythm.isDue(3_700_000)).toBe(true);
});

test("a watchdog that would bite between two feedings is a defect", () => {
  expect(() => new FeedingRhythm(1_000_000, 1)).toThrow();
  expect(() => new FeedingRhythm(0, 3)).toThrow();
});
