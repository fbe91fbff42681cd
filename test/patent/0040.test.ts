/** Patent [0040]: the first difference of FIG. 4, there is no S2. */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [10, 1],
  [20, 9],
  [10, 5],
];

test("without S2 functions on an operable server stay, whatever their priority", () => {
  const table = tableOf([100, 40], functions);
  expect(allocate(PREEMPT, table, [A, B], [B, B, B])).toEqual({
    assigned: [B, B, B],
    remaining: [100, 0],
    stops: 0,
  });
});

test("without S2 only what ran on the failed server is placed again", () => {
  const table = tableOf([100, 40], functions);
  // Only function 1 ran on B. FIG. 3 would begin with it, FIG. 4 finds A as functions 0 and 2 left
  // it.
  expect(allocate(PREEMPT, table, [A], [A, B, A])).toEqual({
    assigned: [A, A, A],
    remaining: [60, 0],
    stops: 0,
  });
});

test("without S2 an execution that finds everything in its place changes nothing", () => {
  const table = tableOf([100, 40], functions);
  for (const current of [
    [A, A, A],
    [A, B, B],
    [B, A, B],
  ]) {
    expect(allocate(PREEMPT, table, [A, B], current).assigned).toEqual(current);
  }
});
