/** Patent [0044]: what FIG. 4 achieves. */
import { expect, test } from "bun:test";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import { afterLoss, SINGLE_AISLE, TWIN_AISLE, VERY_LARGE } from "../allocation/example-aircraft.ts";
import { allocate as allocateSystem } from "../allocation/systems.ts";
import { A, allocate, B, type Fy, tableOf } from "./system-of-servers.ts";

test.each([
  ["single aisle", SINGLE_AISLE],
  ["twin aisle", TWIN_AISLE],
  ["very large", VERY_LARGE],
] as const)(
  "%s: after every loss of servers, what a server is given never exceeds its resource",
  (_, aircraft) => {
    const { resources, functions } = aircraft;
    for (let alive = 0; alive < 1 << resources.length; alive++) {
      const down = resources.flatMap((_, x) => ((alive & (1 << x)) === 0 ? [x] : []));
      const { assigned } = allocateSystem(PREEMPT, afterLoss(aircraft, down));
      const loads = resources.map((_, x) =>
        functions.reduce((sum, { required }, y) => sum + (assigned[y] === x ? required : 0), 0),
      );
      const overloaded = loads.filter((load, x) => load > (down.includes(x) ? 0 : resources[x]));
      expect({ down, overloaded }).toEqual({ down, overloaded: [] });
    }
  },
);

test("by priority: of functions of equal size the least important ones are those that do not run after a failure", () => {
  const functions = [3, 9, 1, 7, 5, 10].map((priority): Fy => [10, priority]);
  const table = tableOf([30, 30], functions);
  const { assigned } = allocate(PREEMPT, table, [A], [A, B, A, B, A, B]);
  expect(functions.filter((_, y) => assigned[y] === null).map(([, priority]) => priority)).toEqual([
    3, 1, 5,
  ]);
});
