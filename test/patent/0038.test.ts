/** Patent [0038]: recovery with FIG. 3. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [30, 9],
  [30, 7],
  [20, 5],
  [10, 3],
];
const resources = [60, 60];

test("a recovered server has its initial resource again, and the process is executed again: the same as before the failure", () => {
  const table = tableOf(resources, functions);
  const before = allocate(RESET, table, [A, B]);
  const failed = allocate(RESET, table, [A], before.assigned);
  expect(failed.remaining[B]).toBe(0);
  expect(allocate(RESET, table, [A, B], failed.assigned)).toEqual(before);
  expect(
    before.assigned.reduce<number>(
      (sum, x, y) => sum + (x === B ? functions[y][0] : 0),
      before.remaining[B],
    ),
  ).toBe(60);
});

test("the recovered server, which starts and knows of nothing running, computes the same", () => {
  const failed = allocate(RESET, tableOf(resources, functions), [A]);
  const byA = allocate(RESET, tableOf(resources, functions), [A, B], failed.assigned);
  const byB = allocate(RESET, tableOf(resources, functions), [A, B]);
  expect(byB).toEqual(byA);
});

test("functions are allocated to the recovered server: the load is distributed", () => {
  const table = tableOf(resources, functions);
  const failed = allocate(RESET, table, [A]);
  expect(failed.assigned).not.toContain(B);
  expect(allocate(RESET, table, [A, B], failed.assigned).assigned).toEqual([A, B, A, B]);
});

test("less important functions that had been stopped run again", () => {
  const table = tableOf(resources, functions);
  const failed = allocate(RESET, table, [A]);
  expect(failed.assigned).toEqual([A, A, null, null]);
  expect(allocate(RESET, table, [A, B], failed.assigned).assigned).not.toContain(null);
});
