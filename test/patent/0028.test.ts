/** Patent [0028]: R(Sx), NR(Fy) and P(Fy) are values of each server and of each function. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, C, tableOf } from "./system-of-servers.ts";

test("each server has its own resource R(Sx)", () => {
  const table = tableOf([120, 80, 50], []);
  expect(allocate(RESET, table, [A, B, C]).remaining).toEqual([120, 80, 50]);
});

test("each function has its own required resource NR(Fy)", () => {
  const table = tableOf(
    [100],
    [
      [5, 1],
      [40, 1],
    ],
  );
  expect([...table.required.slice(0, 2)]).toEqual([5, 40]);
  expect(allocate(RESET, table, [A]).remaining).toEqual([55]);
});

test("each function has its own priority P(Fy), which decides where there is room for one of two", () => {
  const firstIsMoreImportant = tableOf(
    [10],
    [
      [10, 7],
      [10, 3],
    ],
  );
  const secondIsMoreImportant = tableOf(
    [10],
    [
      [10, 3],
      [10, 7],
    ],
  );
  expect(allocate(RESET, firstIsMoreImportant, [A]).assigned).toEqual([A, null]);
  expect(allocate(RESET, secondIsMoreImportant, [A]).assigned).toEqual([null, A]);
});
