/** Patent [0045]: recovery with FIG. 4. */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [30, 9],
  [30, 7],
  [20, 5],
  [10, 3],
];
const table = tableOf([60, 60], functions);
const before = [A, B, A, B];
const failed = allocate(PREEMPT, table, [A], before);

test("the failure of B costs the two least important functions", () => {
  expect(failed.assigned).toEqual([A, A, null, null]);
});

test("a recovered server has its initial resource again, and the less important functions that had been stopped run on it", () => {
  const recovered = allocate(PREEMPT, table, [A, B], failed.assigned);
  expect(recovered).toEqual({ assigned: [A, A, B, B], remaining: [0, 30], stops: 0 });
});

test("the recovered server, given the current owners, computes the same", () => {
  const byB = allocate(PREEMPT, tableOf([60, 60], functions), [A, B], failed.assigned);
  expect(byB).toEqual(allocate(PREEMPT, table, [A, B], failed.assigned));
});

test("what ran on throughout is not moved for the sake of the recovered server: there is no S2", () => {
  const light = tableOf([100, 100], functions);
  const onA = allocate(PREEMPT, light, [A], before);
  expect(onA.assigned).toEqual([A, A, A, A]);
  expect(allocate(PREEMPT, light, [A, B], onA.assigned)).toEqual({
    assigned: [A, A, A, A],
    remaining: [10, 100],
    stops: 0,
  });
});
