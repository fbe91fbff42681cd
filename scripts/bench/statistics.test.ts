import { expect, test } from "bun:test";
import { ratioOf, summaryOf } from "./statistics.ts";

test("median of an odd and of an even number of values, in any order", () => {
  expect(summaryOf([31, 9, 27])).toEqual({ min: 9, median: 27, max: 31, count: 3 });
  expect(summaryOf([10, 4, 100, 6])).toEqual({ min: 4, median: 8, max: 100, count: 4 });
});

test("without values there is no summary", () => {
  expect(() => summaryOf([])).toThrow(RangeError);
});

test("the ratio is that of the medians, ours to the peer's", () => {
  expect(ratioOf([1, 20, 900], [10, 40, 41])).toBe(0.5);
  expect(ratioOf([1], [0])).toBeNull();
});
