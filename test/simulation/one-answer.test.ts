/**
 * P1 within the bound of boundary/timing: whatever is lost in fewer than `bridgedPeriods` periods,
 * in both directions, and whenever a server is stopped or killed in them, two servers never answer.
 */
import { describe, expect, test } from "bun:test";
import { FunctionTable } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { NominalWorld } from "./nominal-world.ts";

const OWNER = 0;
const OTHER = 1;
const table = new FunctionTable(
  [100, 100],
  [{ required: 1, priority: 9, servers: 3, process: 0, stopGraceMs: 0 }],
);

interface Case {
  periodMs: number;
  lostAfterPeriods: number;
  leaseTicksMs: number;
}

/**
 * Flies in phase: both servers send at whole periods.
 * @returns the server that answers at the end
 */
function fly(
  options: Case,
  isLost: (from: number, sinceMs: number) => boolean,
  stopAtMs: number,
  isKilled: boolean,
  phaseMs: number,
): void {
  const { periodMs, lostAfterPeriods } = options;
  const world = new NominalWorld({ ...options, table, policy: PREEMPT, recoveredAfterPeriods: 2 });
  const [owner, other] = [world.hosts[OWNER], world.hosts[OTHER]];
  world.start(owner);
  world.run(phaseMs);
  world.start(other);
  // To a whole period of the owner, some ms before both send.
  world.run((4 * lostAfterPeriods + 8) * periodMs - phaseMs - 1);
  expect(owner.answers(0, world.nowUs, true)).toBe(true);
  const beganUs = world.nowUs;
  world.air.filter = (from) => !isLost(from, (world.nowUs - beganUs) / 1000);
  world.run(stopAtMs);
  if (isKilled) world.killAll(owner);
  else world.pause(owner, 20_000 * lostAfterPeriods * periodMs);
  world.touch(OWNER);
  world.run((2 * lostAfterPeriods + 8) * periodMs);
  expect(other.answers(0, world.nowUs, true)).toBe(true);
}

const CASES: readonly Case[] = [
  { periodMs: 10, lostAfterPeriods: 5, leaseTicksMs: 20 },
  { periodMs: 10, lostAfterPeriods: 5, leaseTicksMs: 0 },
  { periodMs: 10, lostAfterPeriods: 3, leaseTicksMs: 0 },
  { periodMs: 40, lostAfterPeriods: 3, leaseTicksMs: 20 },
  { periodMs: 100, lostAfterPeriods: 3, leaseTicksMs: 20 },
  { periodMs: 40, lostAfterPeriods: 3, leaseTicksMs: 0 },
];

/** Times of the story in ms: those of the search, for its period of 10 ms. */
test("two of the owner's keep-alives are lost, and one of the other's, and the owner is stopped (exploration)", () => {
  const options = { periodMs: 10, lostAfterPeriods: 5, leaseTicksMs: 20 };
  for (let stopAtMs = 0; stopAtMs < 60; stopAtMs++) {
    for (let phaseMs = 0; phaseMs < 10; phaseMs++) {
      for (const otherLostFromMs of [0, 10, 20]) {
        const isLost = (from: number, sinceMs: number): boolean =>
          from === OWNER
            ? sinceMs < 20
            : sinceMs >= otherLostFromMs && sinceMs < otherLostFromMs + 10;
        fly(options, isLost, stopAtMs, false, phaseMs);
      }
    }
  }
});

describe.each(CASES)("$periodMs ms × $lostAfterPeriods, ticks of $leaseTicksMs ms", (options) => {
  const { periodMs, lostAfterPeriods } = options;
  const step = periodMs / 10;

  test("nothing passes for a period, in both directions, and the owner is stopped or killed", () => {
    for (let beginMs = 0; beginMs < periodMs; beginMs += step) {
      for (let stopAtMs = 0; stopAtMs < (lostAfterPeriods + 2) * periodMs; stopAtMs += 2 * step) {
        for (const phaseMs of [0, 3 * step, 7 * step]) {
          const isLost = (_: number, sinceMs: number): boolean =>
            sinceMs >= beginMs && sinceMs < beginMs + periodMs;
          fly(options, isLost, stopAtMs, stopAtMs % (4 * step) === 0, phaseMs);
        }
      }
    }
  });

  test("nothing of the owner's passes any more, one of the other's is lost, and the owner is stopped", () => {
    for (let beginMs = 0; beginMs < periodMs; beginMs += 3 * step) {
      for (let stopAtMs = 0; stopAtMs < (lostAfterPeriods + 2) * periodMs; stopAtMs += 2 * step) {
        for (let otherMs = 0; otherMs < lostAfterPeriods * periodMs; otherMs += periodMs / 2) {
          const isLost = (from: number, sinceMs: number): boolean =>
            from === OWNER
              ? sinceMs >= beginMs
              : sinceMs >= otherMs && sinceMs < otherMs + periodMs;
          fly(options, isLost, stopAtMs, false, 5 * step);
        }
      }
    }
  });
});
