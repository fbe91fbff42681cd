/** Patent [0041]: the second difference of FIG. 4, S11 to S16 are executed when S5 says No. */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [30, 2], // runs on A
  [30, 8], // ran on B, which failed
];

test("S5 No: the function of the minimum priority is stopped and the more important one takes its place", () => {
  expect(allocate(PREEMPT, tableOf([50, 50], functions), [A], [A, B])).toEqual({
    assigned: [null, A],
    remaining: [20, 0],
    stops: 1,
  });
});

test("S5 Yes: nothing is stopped where the resource suffices", () => {
  expect(allocate(PREEMPT, tableOf([60, 50], functions), [A], [A, B])).toEqual({
    assigned: [A, A],
    remaining: [0, 0],
    stops: 0,
  });
});

test("S5 No with nothing running there: nothing is stopped, the function stays out", () => {
  expect(allocate(PREEMPT, tableOf([20, 50], [[30, 8]]), [A], [B])).toEqual({
    assigned: [null],
    remaining: [20, 0],
    stops: 0,
  });
});
