import { expect, test } from "bun:test";
import { furtherChangesOf, unansweredSince, windowOf } from "./interruption-verdict.ts";
import type { SeatReport, TargetReport } from "./seat-order.ts";
import type { Change, Gap } from "./target-record.ts";

const TARGETS = [{ functionIndex: 0 }, { functionIndex: 1 }];
const ALL = new Set([0, 1]);

function target(gaps: Gap[], changes: Change[], newestAnsweredUs = 0): TargetReport {
  const counts = { answered: 1, lost: 0, foreign: 0, server: 0, lastAnsweredUs: 1 };
  return { ...counts, newestAnsweredUs, gaps, changes, overlaps: [] };
}

function report(...targets: TargetReport[]): SeatReport {
  return { untilUs: 0, targets, notices: [], malformedNotices: 0, latenessUsMax: 0 };
}

const gap = (startUs: number, endUs: number | null): Gap => ({ startUs, endUs, lost: 1 });
const change = (atUs: number): Change => ({ atUs, from: 0, to: 1 });

/** Two interruptions, at 1 s and at 3 s; the first VIP comes back once after each. */
const CLEAN = target(
  [gap(990_000, 2_000_000), gap(2_990_000, 4_000_000)],
  [change(2_000_000), change(4_000_000)],
);

test("each interruption has the gaps that ended in it, and the last one those without an end", () => {
  const seen = report(CLEAN, target([gap(990_000, 2_500_000), gap(2_990_000, null)], []));
  const first = windowOf(seen, 1_000_000, 3_000_000);
  expect(first.targets[0]).toMatchObject({
    gaps: [gap(990_000, 2_000_000)],
    changes: [change(2_000_000)],
  });
  expect(first.targets[1]?.gaps).toEqual([gap(990_000, 2_500_000)]);
  const second = windowOf(seen, 3_000_000, Number.POSITIVE_INFINITY);
  expect(second.targets[0]).toMatchObject({
    gaps: [gap(2_990_000, 4_000_000)],
    changes: [change(4_000_000)],
  });
  expect(second.targets[1]?.gaps).toEqual([gap(2_990_000, null)]);
});

test("one gap and one new process are one convergence", () => {
  const first = windowOf(report(CLEAN, CLEAN), 1_000_000, 3_000_000);
  expect(furtherChangesOf(first, TARGETS, ALL)).toEqual({
    unnoticed: [],
    moved: [],
    gapMs: 0,
    gapTarget: -1,
  });
});

test("a second move, a second gap, and an unnoticed outage are reported", () => {
  const again = target([gap(0, 1_000), gap(2_000, 82_000)], [change(1_000), change(82_000)]);
  expect(furtherChangesOf(report(target([], []), again), TARGETS, ALL)).toEqual({
    unnoticed: [0],
    moved: [1],
    gapMs: 80,
    gapTarget: 1,
  });
  const open = target([gap(0, 1_000), gap(2_000, null)], []);
  expect(furtherChangesOf(report(again, open), TARGETS, new Set([1]))).toMatchObject({
    moved: [],
    gapMs: Number.POSITIVE_INFINITY,
    gapTarget: 1,
  });
});

test("a VIP is answered for again once a probe after the power's return has an answer", () => {
  const seen = report(target([], [], 5_000), target([], [], 5_001));
  expect(unansweredSince(seen, TARGETS, ALL, 5_000)).toEqual([0]);
  expect(unansweredSince(seen, TARGETS, new Set([1]), 5_000)).toEqual([]);
  expect(unansweredSince(report(), TARGETS, ALL, 5_000)).toEqual([0, 1]);
});
