import { expect, test } from "bun:test";
import { bridgesLossBeforeDeath, timingOf } from "./timing.ts";

test("all times in microseconds", () => {
  expect(timingOf(10, 3, 7, 250)).toEqual({
    periodUs: 10_000,
    detectionUs: 30_000,
    recoveredAfter: 7,
    listenUs: 50_000,
    leaseUs: 0,
    leaseTicksUs: 20_000,
    holdUs: 10_000,
    holdTicksUs: 30_000,
    takeOverUs: 60_000,
    silentUs: 22_500,
    missedUs: 10_000,
    handoverUs: 750_000,
  });
});

test("listening lasts a lease longer than without one (simulator, seed 3031110)", () => {
  expect(timingOf(20, 8, 1, 0, 135).listenUs).toBe(timingOf(20, 8, 1, 0).listenUs + 135_000);
});

test("listening lasts longer than the detection time, whatever is configured", () => {
  for (const lostAfter of [2, 3, 100]) {
    const { listenUs, detectionUs } = timingOf(5, lostAfter, 1, 0);
    expect(listenUs).toBeGreaterThan(detectionUs);
  }
});

test("a hand-over waits longer than the longest stop grace, and for a keep-alive that is lost once", () => {
  for (const periodMs of [5, 10, 250, 251, 1000]) {
    const extraUs = timingOf(periodMs, 3, 1, 60_000).handoverUs - 60_000_000;
    expect(extraUs).toBeGreaterThanOrEqual(500_000);
    expect(extraUs).toBeGreaterThanOrEqual(2 * periodMs * 1000);
  }
});

test("a server is left out after more silence than is bridged, and so early that a loss before its death costs nothing", () => {
  const silentMs = (lostAfter: number, ticksMs: number, bridges: number): number =>
    timingOf(10, lostAfter, 3, 0, 35, ticksMs, bridges).silentUs / 1000;
  for (const bridges of [0, 1, 2, 5]) {
    for (const lostAfter of [4, 5, 10, 50]) {
      for (const ticksMs of [0, 20]) {
        const found = silentMs(lostAfter, ticksMs, bridges);
        const { takeOverUs } = timingOf(10, lostAfter, 3, 0, 35, ticksMs, bridges);
        expect(found).toBeGreaterThan(10 * (bridges + 1));
        // What was granted last ends early by the lateness and the ticks: an echo of a period ago.
        expect(found + 10 + 7.5 + ticksMs).toBeLessThanOrEqual(takeOverUs / 1000);
        if (bridgesLossBeforeDeath(10, takeOverUs / 1000, bridges, ticksMs))
          expect(found + 20 + 7.5 + ticksMs).toBeLessThanOrEqual(takeOverUs / 1000);
      }
    }
  }
});

test("a server may have missed as many of ours as are bridged, and one more where there is room", () => {
  const missedMs = (lostAfter: number, ticksMs: number, bridges: number): number =>
    timingOf(10, lostAfter, 3, 0, 35, ticksMs, bridges).missedUs / 1000;
  expect([missedMs(5, 0, 1), missedMs(4, 0, 1), missedMs(5, 20, 1)]).toEqual([20, 10, 10]);
  expect([missedMs(7, 20, 1), missedMs(5, 0, 2), missedMs(5, 0, 0)]).toEqual([20, 20, 10]);
});

test("a loss before a death is bridged from three periods more than are bridged anyway, and 10 ms", () => {
  const isBridged = (takeOverMs: number, ticksMs = 0): boolean =>
    bridgesLossBeforeDeath(40, takeOverMs, 1, ticksMs);
  expect([isBridged(169), isBridged(170)]).toEqual([false, true]);
  expect([isBridged(189, 20), isBridged(190, 20)]).toEqual([false, true]);
});
