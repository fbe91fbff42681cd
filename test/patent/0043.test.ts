/**
 * Patent [0043], FIG. 4, S16, and the replacement of a less important function by a more important
 * one.
 */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

test("S12 No, S16: where stopping all less important functions makes no room, the function is given up", () => {
  const functions: Fy[] = [
    [30, 9], // runs on A and is as important as it gets
    [20, 1], // runs on A
    [40, 8], // was on B
  ];
  const { assigned } = allocate(PREEMPT, tableOf([60, 60], functions), [A], [A, A, B]);
  expect(assigned[2]).toBeNull();
  expect(assigned[0]).toBe(A);
});

test("S16 is the completion for that function alone: the others still get their turns", () => {
  const functions: Fy[] = [
    [50, 9], // was on B, larger than A
    [20, 8], // was on B
    [10, 1], // was on B
  ];
  expect(allocate(PREEMPT, tableOf([40, 60], functions), [A], [B, B, B]).assigned).toEqual([
    null,
    A,
    A,
  ]);
});

test("a function stopped for one that is given up is unallocated and gets its own turn", () => {
  const functions: Fy[] = [
    [50, 9], // was on B, larger than A
    [20, 1], // runs on A
  ];
  expect(allocate(PREEMPT, tableOf([40, 60], functions), [A], [B, A])).toEqual({
    assigned: [null, A],
    remaining: [20, 0],
    stops: 1,
  });
});

test("S16: a function that no operable server is left for is given up", () => {
  expect(allocate(PREEMPT, tableOf([40, 60], [[10, 9]]), [], [A]).assigned).toEqual([null]);
});

test("a less important function of A is replaced by a more important one of B, which A continues", () => {
  const functions: Fy[] = [
    [40, 2], // on A
    [20, 6], // on A
    [40, 8], // on B
    [20, 4], // on B
  ];
  const table = tableOf([60, 60], functions);
  const before = [A, A, B, B];
  expect(allocate(PREEMPT, table, [A, B], before).assigned).toEqual(before);
  expect(allocate(PREEMPT, table, [A], before).assigned).toEqual([null, A, A, null]);
});
