/** Patent [0029]: the service function management table of FIG. 2. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { FunctionTable, PROCESS_NONE } from "../../src/core/function-table.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

test("required resource and priority are set beforehand for every function and stay as they were set", () => {
  const functions: Fy[] = [
    [5, 10],
    [30, 5],
    [15, 1],
  ];
  const table = tableOf([100, 100], functions);
  allocate(RESET, table, [A, B]);
  allocate(RESET, table, [B]);
  expect(functions.map((_, y) => [table.required[y], table.priority[y]])).toEqual(functions);
});

test("priorities run from 10, the highest, down to 1", () => {
  const oneToTen = Array.from({ length: 10 }, (_, y): Fy => [10, y + 1]);
  const table = tableOf([1000], oneToTen);
  expect([...table.turn.slice(0, 10)].map((y) => table.priority[y])).toEqual([
    10, 9, 8, 7, 6, 5, 4, 3, 2, 1,
  ]);
  // With room for one function fewer each time it is always the least priority that goes.
  for (let room = 10; room >= 0; room--) {
    const { assigned } = allocate(RESET, tableOf([10 * room], oneToTen), [A]);
    expect(assigned).toEqual(oneToTen.map(([, priority]) => (priority > 10 - room ? A : null)));
  }
});

test("a priority outside 1 to 10 is not accepted", () => {
  for (const priority of [0, 11, -1]) {
    const row = { required: 1, priority, servers: 1, process: PROCESS_NONE, stopGraceMs: 0 };
    expect(() => new FunctionTable([1], [row])).toThrow();
  }
});

test("another number of servers, other resources and more or fewer functions take effect by setting the table anew", () => {
  const two: Fy[] = [
    [20, 9],
    [20, 5],
  ];
  expect(allocate(RESET, tableOf([30], two), [A]).assigned).toEqual([A, null]);
  // a server more
  expect(allocate(RESET, tableOf([30, 30], two), [A, B]).assigned).toEqual([A, B]);
  // more resource
  expect(allocate(RESET, tableOf([40], two), [A]).assigned).toEqual([A, A]);
  expect(allocate(RESET, tableOf([40, 20, 20], [...two, [20, 7]]), [A, B, C]).assigned).toEqual([
    A,
    B,
    A,
  ]); // a function more
  // a function fewer
  expect(allocate(RESET, tableOf([30], two.slice(1)), [A]).assigned).toEqual([A]);
});
