/**
 * Patent [0042], FIG. 4, S11 to S15; the notice to clients (S13) before the stop is the engine's.
 */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

test("S11: the function of the lowest priority on the server is the one stopped", () => {
  const functions: Fy[] = [
    [20, 3],
    [20, 1],
    [20, 2],
    [20, 9], // was on B
  ];
  expect(allocate(PREEMPT, tableOf([60, 60], functions), [A], [A, A, A, B]).assigned).toEqual([
    A,
    null,
    A,
    A,
  ]);
});

test("S11: of equally unimportant ones the last of the table is stopped, so that the first keep their place", () => {
  const functions: Fy[] = [
    [20, 1],
    [20, 1],
    [20, 9],
  ];
  expect(allocate(PREEMPT, tableOf([40, 40], functions), [A], [A, A, B]).assigned).toEqual([
    A,
    null,
    A,
  ]);
});

test("S12: only a function of lower priority than the one to be placed is stopped", () => {
  const functions: Fy[] = [
    [20, 5],
    [20, 6],
    [20, 5], // was on B: as important as the first, less than the second
  ];
  expect(allocate(PREEMPT, tableOf([40, 40], functions), [A], [A, A, B])).toEqual({
    assigned: [A, A, null],
    remaining: [0, 0],
    stops: 0,
  });
});

test("S14, S15: the stop gives the server its resource back, and S3 to S5 are asked again", () => {
  const functions: Fy[] = [
    [30, 1],
    [35, 9],
  ];
  // 10 left of 40; with the 30 of function 0 there are 40; 5 remain.
  expect(allocate(PREEMPT, tableOf([40, 40], functions), [A], [A, B])).toEqual({
    assigned: [null, A],
    remaining: [5, 0],
    stops: 1,
  });
});

test("S11 to S15 repeat, one stop at a time, and end with the first stop that makes room", () => {
  const functions: Fy[] = [
    [10, 1],
    [10, 2],
    [10, 3],
    [10, 4],
    [25, 9],
  ];
  expect(allocate(PREEMPT, tableOf([45, 45], functions), [A], [A, A, A, A, B])).toEqual({
    assigned: [null, null, A, A, A],
    remaining: [0, 0],
    stops: 2,
  });
});

test("the stop is made on the server that S4 found, the one of the most remaining resource", () => {
  const functions: Fy[] = [
    [30, 2], // on A, 10 left
    [25, 2], // on B, 15 left
    [30, 9], // was on C
  ];
  expect(allocate(PREEMPT, tableOf([40, 40, 40], functions), [A, B], [A, B, C]).assigned).toEqual([
    A,
    null,
    B,
  ]);
});
