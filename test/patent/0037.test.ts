/** Patent [0037]: what FIG. 3 achieves. */
import { expect, test } from "bun:test";
import { RESET } from "../../src/core/allocation-reset.ts";
import { SINGLE_AISLE, VERY_LARGE } from "../allocation/example-aircraft.ts";
import { allocate, type Fy, tableOf } from "./system-of-servers.ts";

test.each([
  ["single aisle", SINGLE_AISLE],
  ["very large", VERY_LARGE],
] as const)(
  "%s: with every set of servers, what a server is given never exceeds its resource",
  (_, { resources, functions }) => {
    const table = tableOf(
      resources,
      functions.map(({ required, priority }): Fy => [required, priority]),
    );
    for (let alive = 0; alive < 1 << resources.length; alive++) {
      const operable = resources.flatMap((_, x) => ((alive & (1 << x)) === 0 ? [] : [x]));
      const { assigned } = allocate(RESET, table, operable);
      const loads = resources.map((_, x) =>
        functions.reduce((sum, { required }, y) => sum + (assigned[y] === x ? required : 0), 0),
      );
      const overloaded = loads.filter(
        (load, x) => load > (operable.includes(x) ? resources[x] : 0),
      );
      expect({ operable, overloaded }).toEqual({ operable, overloaded: [] });
    }
  },
);

test("functions of equal size are distributed by priority: those left out are the least important ones", () => {
  const functions = [3, 9, 1, 7, 5, 10, 2].map((priority): Fy => [10, priority]);
  const { assigned } = allocate(RESET, tableOf([20, 20], functions), [0, 1]);
  expect(functions.filter((_, y) => assigned[y] === null).map(([, priority]) => priority)).toEqual([
    3, 1, 2,
  ]);
});

test("the functions are spread over the servers, not heaped on one", () => {
  const functions = [10, 9, 8, 7].map((priority): Fy => [10, priority]);
  expect(allocate(RESET, tableOf([100, 100], functions), [0, 1]).remaining).toEqual([80, 80]);
});
