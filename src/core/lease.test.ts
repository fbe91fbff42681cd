import { expect, test } from "bun:test";
import { LEASE_LATENESS_MS, LOST_AFTER_PERIODS_MAX, PERIOD_MS_MAX, PERIOD_MS_MIN } from "../limits.ts";
import { leaseDetectionMsMin, leaseFits, leaseMsMin, leaseMsOf } from "./lease.ts";

test("a lease, a period and the lateness allowed are never longer than the detection time", () => {
  for (let periodMs = PERIOD_MS_MIN; periodMs <= PERIOD_MS_MAX; periodMs += 5) {
    for (let periods = 2; periods <= LOST_AFTER_PERIODS_MAX; periods++) {
      expect(leaseMsOf(periodMs, periods) + periodMs + LEASE_LATENESS_MS).toBe(periodMs * periods);
    }
  }
});

test("10 ms × 5 is the shortest detection with a lease at a period of 10 ms", () => {
  expect(leaseMsOf(10, 5)).toBeGreaterThanOrEqual(leaseMsMin(10));
  expect(leaseMsOf(10, 4)).toBeLessThan(leaseMsMin(10));
});

test("a lease fits exactly from the shortest detection time on", () => {
  for (let periodMs = PERIOD_MS_MIN; periodMs <= PERIOD_MS_MAX; periodMs += 5) {
    for (let periods = 2; periods <= 20; periods++) {
      expect(leaseFits(periodMs, periods)).toBe(periods * periodMs >= leaseDetectionMsMin(periodMs));
    }
  }
  expect(leaseDetectionMsMin(10)).toBe(50);
});
