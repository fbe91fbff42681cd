/** Patent [0034], FIG. 3, S3 and S4. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/allocation/reset.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

test("S3: of two functions in the whole system the one of the higher priority is placed preferentially", () => {
  const functions: Fy[] = [
    [10, 4], // ran on A
    [10, 6], // ran on B, which failed
  ];
  expect(allocate(RESET, tableOf([10, 10], functions), [A], [A, B]).assigned).toEqual([null, A]);
});

test("S3: equally important functions are retrieved in the order of the table", () => {
  const functions: Fy[] = [
    [10, 6],
    [10, 6],
  ];
  expect(allocate(RESET, tableOf([10], functions), [A]).assigned).toEqual([A, null]);
});

test("S4: the server with the largest remaining resource is taken, determined again for each function", () => {
  const functions: Fy[] = [
    [30, 9],
    [30, 8],
    [10, 7],
    [10, 6],
  ];
  // 50, 60, 40 → 50, 30, 40 → 20, 30, 40 → 20, 30, 30 → 20, 20, 30
  expect(allocate(RESET, tableOf([50, 60, 40], functions), [A, B, C]).assigned).toEqual([
    B,
    A,
    C,
    B,
  ]);
});

test("S4: of equal servers the first is taken", () => {
  expect(allocate(RESET, tableOf([40, 50, 50], [[10, 5]]), [A, B, C]).assigned).toEqual([B]);
});

test("S4: the resource of a failed server counts as zero", () => {
  expect(allocate(RESET, tableOf([50, 500], [[10, 5]]), [A])).toEqual({
    assigned: [A],
    remaining: [40, 0],
    stops: 0,
  });
});

test("S4: of two servers, the one left is taken for every function", () => {
  const functions: Fy[] = [
    [10, 9],
    [20, 5],
    [15, 1],
  ];
  for (const left of [A, B]) {
    expect(allocate(RESET, tableOf([100, 100], functions), [left]).assigned).toEqual([
      left,
      left,
      left,
    ]);
  }
});

test("S4: of three servers or more, the largest among those that are operable is taken", () => {
  expect(allocate(RESET, tableOf([50, 90, 70], [[10, 5]]), [A, C]).assigned).toEqual([C]);
});
