/** Patent [0036], FIG. 3, S8. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/allocation/reset.ts";
import { FUNCTIONS_MAX } from "../../src/limits.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

test("S8: the process repeats until every function has had its turn, up to the maximum of the table", () => {
  const functions = Array.from({ length: FUNCTIONS_MAX }, (): Fy => [1, 5]);
  const { assigned, remaining } = allocate(RESET, tableOf([FUNCTIONS_MAX], functions), [A]);
  expect(assigned.every((x) => x === A)).toBe(true);
  expect(remaining).toEqual([0]);
});

test("S8: it ends although not one function finds room", () => {
  const functions = Array.from({ length: FUNCTIONS_MAX }, (): Fy => [2, 5]);
  const { assigned } = allocate(RESET, tableOf([1, 1], functions), [A, B]);
  expect(assigned.every((x) => x === null)).toBe(true);
});

test("repetition finds another operable server for a function when the first is full", () => {
  const functions: Fy[] = [
    [40, 9],
    [30, 8],
    [20, 7],
  ];
  expect(allocate(RESET, tableOf([40, 30, 20], functions), [A, B, C]).assigned).toEqual([A, B, C]);
});

test("no functions: the process ends at once", () => {
  expect(allocate(RESET, tableOf([10], []), [A])).toEqual({
    assigned: [],
    remaining: [10],
    stops: 0,
  });
});
