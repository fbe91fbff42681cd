import { expect, test } from "bun:test";
import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

const CLOCK_MONOTONIC = 1;
const timespec = new NativeMemory(16);

/** The same clock, computed from the 64-bit words that C means. */
function referenceUs(): number {
  expect(libc.clock_gettime(CLOCK_MONOTONIC, timespec.address)).toBe(0);
  const nanoseconds =
    timespec.view.getBigInt64(0, true) * 1_000_000_000n + timespec.view.getBigInt64(8, true);
  return Number(nanoseconds / 1000n);
}

test("nowUs is CLOCK_MONOTONIC in whole µs", () => {
  for (let round = 0; round < 1000; round++) {
    const before = referenceUs();
    const now = nowUs();
    const after = referenceUs();
    expect(Number.isSafeInteger(now)).toBe(true);
    expect(now >= before && now <= after).toBe(true);
  }
});

test("nowUs never goes back and never freezes, in hot code too", () => {
  let last = nowUs();
  let advances = 0;
  for (let round = 0; round < 300_000; round++) {
    const now = nowUs();
    if (now < last) throw new Error(`${now} after ${last}`);
    if (now > last) advances = round;
    last = now;
  }
  const end = referenceUs();
  expect(advances).toBeGreaterThan(200_000); // also near the end
  expect(nowUs()).toBeGreaterThanOrEqual(end);
});
