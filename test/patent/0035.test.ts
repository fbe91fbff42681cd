/** Patent [0035], FIG. 3, S5 to S7; the address that S7 makes effective is the engine's. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

test("S5 Yes, S6: a function for which the server has enough is assigned to it; exactly enough is enough", () => {
  expect(allocate(RESET, tableOf([30], [[30, 5]]), [A])).toEqual({
    assigned: [A],
    remaining: [0],
    stops: 0,
  });
});

test("S5 No: a function for which the server of the most remaining resource has too little is not assigned", () => {
  expect(allocate(RESET, tableOf([29, 29], [[30, 5]]), [A, B])).toEqual({
    assigned: [null],
    remaining: [29, 29],
    stops: 0,
  });
});

test("S5 No: the process goes on from S3 with all functions but that one", () => {
  const functions: Fy[] = [
    [20, 9],
    [30, 8],
    [10, 7],
    [30, 6],
    [10, 5],
  ];
  expect(allocate(RESET, tableOf([40], functions), [A]).assigned).toEqual([A, null, A, null, A]);
});

test("S7: after each assignment the next one sees the updated state", () => {
  const functions: Fy[] = [
    [30, 9],
    [30, 8],
    [30, 7],
  ];
  expect(allocate(RESET, tableOf([60, 50], functions), [A, B])).toEqual({
    assigned: [A, B, A],
    remaining: [0, 20],
    stops: 0,
  });
});
