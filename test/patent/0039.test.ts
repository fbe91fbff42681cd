/**
 * Patent [0039]: the second embodiment works on the same servers and the same table as the first.
 */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import { RESET } from "../../src/core/allocation-reset.ts";
import {
  atStart,
  leftOut,
  SINGLE_AISLE,
  TWIN_AISLE,
  VERY_LARGE,
} from "../allocation/example-aircraft.ts";
import { allocate as allocateSystem } from "../allocation/systems.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

test.each([
  ["single aisle", SINGLE_AISLE],
  ["twin aisle", TWIN_AISLE],
  ["very large", VERY_LARGE],
] as const)(
  "%s: from a standing start FIG. 4 gives what FIG. 3 gives, for there is nothing to keep or to stop",
  (_, aircraft) => {
    for (const down of [[], [0], [1]]) {
      const reset = allocateSystem(RESET, atStart(aircraft, down));
      const preempt = allocateSystem(PREEMPT, atStart(aircraft, down));
      expect({ down, assigned: preempt.assigned }).toEqual({ down, assigned: reset.assigned });
      expect(preempt.stops).toBe(0);
      expect(leftOut(aircraft, preempt).length).toBeLessThan(aircraft.functions.length);
    }
  },
);

test("with functions running the two differ", () => {
  const functions: Fy[] = [
    [10, 5],
    [20, 5],
  ];
  const table = tableOf([50, 30], functions);
  expect(allocate(RESET, table, [A, B], [B, B]).assigned).toEqual([A, A]);
  expect(allocate(PREEMPT, table, [A, B], [B, B]).assigned).toEqual([B, B]);
});
