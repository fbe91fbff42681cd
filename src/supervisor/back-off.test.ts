import { expect, test } from "bun:test";
import { BackOff } from "./back-off.ts";

test("the pause doubles from 100 ms to 5 s and stays there", () => {
  const backOff = new BackOff(0, 10_000);
  const pauses = Array.from({ length: 9 }, () => backOff.pauseMsAfter(1));
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

test("restarts without a pause come first", () => {
  const backOff = new BackOff(1, 60_000);
  expect([backOff.pauseMsAfter(5), backOff.pauseMsAfter(5), backOff.pauseMsAfter(5)]).toEqual([
    0, 100, 200,
  ]);
});

test("a long life resets the pauses, a life 1 ms shorter does not", () => {
  const backOff = new BackOff(0, 10_000);
  backOff.pauseMsAfter(1);
  backOff.pauseMsAfter(1);
  expect(backOff.pauseMsAfter(9_999)).toBe(400);
  expect(backOff.pauseMsAfter(10_000)).toBe(100);
});

test("forget", () => {
  const backOff = new BackOff(0, 10_000);
  backOff.pauseMsAfter(1);
  backOff.forget();
  expect(backOff.pauseMsAfter(1)).toBe(100);
});
