/**
 * Patent [0025], as far as the allocating process gives it: one function operates in one server
 * only.
 */
import { describe, expect, test } from "bun:test";
import { Allocation } from "../../src/core/allocation.ts";
import { POLICIES } from "../../src/core/policies.ts";
import { A, allocate, B, C, type Fy, tableOf } from "./system-of-servers.ts";

const functions: Fy[] = [
  [5, 10],
  [10, 9],
  [30, 5],
  [40, 4],
  [15, 2],
  [15, 1],
];

describe.each(POLICIES)("$name", (policy) => {
  test("every server computes the same answer from its own copy of the table, so that no function operates in two", () => {
    const current = [A, B, C, A, B, C];
    const answers = [A, B, C].map((self) => {
      const table = tableOf([80, 60, 60], functions); // each server has a table of its own
      const { assigned } = allocate(policy, table, [A, B], current);
      return { self, assigned, operated: assigned.flatMap((x, y) => (x === self ? [y] : [])) };
    });
    expect(answers[B].assigned).toEqual(answers[A].assigned);
    const operated = answers.flatMap((answer) => answer.operated);
    expect(new Set(operated).size).toBe(operated.length);
    expect(operated.length).toBe(answers[A].assigned.filter((x) => x !== null).length);
  });

  test("a server that computed other things before gives the same answer as one that has just started", () => {
    const table = tableOf([40, 60, 60], functions); // with A and B alone not all of them fit
    const old = new Allocation();
    for (const operable of [0b111, 0b001, 0b110, 0b011]) {
      old.operable = operable;
      policy.allocate(table, old);
    }
    const started = new Allocation();
    started.operable = 0b011;
    policy.allocate(table, started);
    expect([...old.assigned]).toEqual([...started.assigned]);
  });

  test("one server operates one or several functions", () => {
    expect(allocate(policy, tableOf([100], functions.slice(0, 3)), [A]).assigned).toEqual([
      A,
      A,
      A,
    ]);
  });
});
