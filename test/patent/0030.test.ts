/** Patent [0030] and [0031]: equation (1), the remaining resource RR(Sx). */
import { describe, expect, test } from "bun:test";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import { RESET } from "../../src/core/allocation-reset.ts";
import { A, allocate, B, tableOf } from "./system-of-servers.ts";

describe.each([RESET, PREEMPT])("$name", (policy) => {
  test("what remains of a server is its resource less what the functions operating with it require", () => {
    const table = tableOf(
      [100, 90],
      [
        [40, 9],
        [35, 8],
        [20, 7],
      ],
    );
    // 100, 90 → A: 60, 90 → B: 60, 55 → A: 40, 55
    expect(allocate(policy, table, [A, B])).toEqual({
      assigned: [A, B, A],
      remaining: [40, 55],
      stops: 0,
    });
  });

  test("a function that operates with no server takes nothing from any", () => {
    const table = tableOf(
      [30, 20],
      [
        [40, 9],
        [5, 8],
      ],
    );
    expect(allocate(policy, table, [A, B])).toEqual({
      assigned: [null, A],
      remaining: [25, 20],
      stops: 0,
    });
  });
});

test("preempt counts the functions that operate already", () => {
  const table = tableOf(
    [100, 90],
    [
      [40, 9],
      [35, 8],
      [20, 7],
    ],
  );
  expect(allocate(PREEMPT, table, [A, B], [B, B, A]).remaining).toEqual([80, 15]);
});
