/** Patent [0046]: more than two servers. */
import { describe, expect, test } from "bun:test";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

describe.each([RESET, PREEMPT])("$name", (policy) => {
  test("the functions of a failed server are shared by several others", () => {
    const functions: Fy[] = [
      [30, 9], // on A
      [30, 8], // on C
      [20, 7], // on B
      [20, 6], // on B
    ];
    const { assigned } = allocate(policy, tableOf([60, 60, 60], functions), [A, C], [A, C, B, B]);
    expect(assigned).toEqual([A, C, A, C]);
  });

  test("the more important functions of a failed server replace the less important ones of several others", () => {
    const functions: Fy[] = [
      [30, 1], // on A, 10 left
      [30, 2], // on C, 5 left
      [38, 9], // on B
      [30, 8], // on B
    ];
    const { assigned } = allocate(policy, tableOf([40, 70, 35], functions), [A, C], [A, C, B, B]);
    expect(assigned).toEqual([null, null, A, C]);
  });

  test("of servers with nothing to give, none is loaded beyond its resource", () => {
    const functions: Fy[] = [
      [60, 9],
      [60, 8],
      [60, 1],
    ];
    const { assigned, remaining } = allocate(
      policy,
      tableOf([60, 60, 60], functions),
      [A, C],
      [A, C, B],
    );
    expect(assigned).toEqual([A, C, null]);
    expect(remaining).toEqual([0, 0, 0]);
  });
});

test("preempt, limit: no replacement where the server of the most remaining resource holds nothing less important", () => {
  const functions: Fy[] = [
    [30, 1], // on A
    [30, 2], // on C
    [30, 9], // on B: replaces function 0
    // on B: A and C have equally little left, so S4 gives A; function 1 on C is not looked at
    [30, 8],
  ];
  const table = tableOf([30, 60, 30], functions);
  expect(allocate(PREEMPT, table, [A, C], [A, C, B, B]).assigned).toEqual([null, C, A, null]);
  expect(allocate(RESET, table, [A, C], [A, C, B, B]).assigned).toEqual([null, null, A, C]);
});
