import { expect, test } from "bun:test";
import { timingOf } from "./timing.ts";

test("all times in microseconds", () => {
  expect(timingOf(10, 3, 7, 250)).toEqual({
    periodUs: 10_000,
    detectionUs: 30_000,
    recoveredAfter: 7,
    listenUs: 50_000,
    leaseUs: 0,
    leaseTicksUs: 20_000,
    handoverUs: 750_000,
  });
});

test("listening lasts longer than the detection time, whatever is configured", () => {
  for (const lostAfter of [2, 3, 100]) {
    const { listenUs, detectionUs } = timingOf(5, lostAfter, 1, 0);
    expect(listenUs).toBeGreaterThan(detectionUs);
  }
});
