/**
 * Patent [0032], as far as the allocating process gives it: every server executes the process for
 * all servers.
 */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

test("one execution gives every function of the system its server, those of the other server too", () => {
  const functions: Fy[] = [
    [10, 9],
    [10, 8],
    [10, 7],
    [10, 6],
  ];
  expect(allocate(RESET, tableOf([40, 40], functions), [A, B]).assigned).toEqual([A, B, A, B]);
});

test("both servers execute it and come to the same allocation", () => {
  const functions = Array.from({ length: 30 }, (_, y): Fy => [1 + (y % 7), 1 + ((y * 3) % 10)]);
  const byA = allocate(RESET, tableOf([50, 45], functions), [A, B]);
  const byB = allocate(RESET, tableOf([50, 45], functions), [A, B]);
  expect(byB).toEqual(byA);
  expect(byA.assigned).toContain(A);
  expect(byA.assigned).toContain(B);
});
