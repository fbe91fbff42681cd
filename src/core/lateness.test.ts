import { expect, test } from "bun:test";
import { latenessBucket } from "../wire/status-snapshot.ts";
import { Lateness } from "./lateness.ts";

test("counts each lateness in its bucket and keeps the greatest", () => {
  const lateness = new Lateness();
  for (const us of [0, 3, 3, 100, 5000, 20]) lateness.count(us);
  expect(lateness.histogram[3]).toBe(2);
  expect(lateness.histogram[latenessBucket(5000)]).toBe(1);
  expect(lateness.histogram.reduce((sum, count) => sum + count, 0)).toBe(6);
  expect(lateness.maxUs).toBe(5000);
});
