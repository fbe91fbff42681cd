/**
 * Patent [0033], FIG. 3, S1 and S2 as far as the allocating process gives them; what detects S1 is
 * the engine's.
 */
import { expect, test } from "bun:test";
import { RESET } from "../../src/allocation/reset.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [30, 3],
  [20, 9],
  [10, 5],
];
const table = tableOf([60, 50], functions);

test("S2: after a recovery everything is allocated again, running functions included", () => {
  // All three ran on A while B was down; B is back. 60, 50 → 40, 50 → 40, 40 → 10, 40
  expect(allocate(RESET, table, [A, B], [A, A, A]).assigned).toEqual([A, A, B]);
});

test("S2: where functions run when the failure is found does not change the answer", () => {
  const fresh = allocate(RESET, table, [B]);
  for (const current of [
    [A, B, A],
    [B, A, B],
    [B, B, B],
    [null, B, null],
  ]) {
    expect(allocate(RESET, table, [B], current)).toEqual(fresh);
  }
  expect(fresh.assigned).toEqual([null, B, B]);
});

test("S2: a function that runs is left out when its turn comes too late, as if it had not been running", () => {
  expect(allocate(RESET, table, [B], [B, A, B]).assigned[0]).toBeNull();
});
