import { describe, expect, test } from "bun:test";
import { Lateness, latenessBucket, latenessBucketEnd } from "./lateness.ts";

test("counts each lateness in its bucket and keeps the greatest", () => {
  const lateness = new Lateness();
  for (const us of [0, 3, 3, 100, 5000, 20]) lateness.count(us);
  expect(lateness.histogram[3]).toBe(2);
  expect(lateness.histogram[latenessBucket(5000)]).toBe(1);
  expect(lateness.histogram.reduce((sum, count) => sum + count, 0)).toBe(6);
  expect(lateness.maxUs).toBe(5000);
});

describe("buckets of lateness", () => {
  test("up to 65 ms every lateness lies below the end of its bucket and not below the end of the one before", () => {
    for (let us = 0; us < 65_536; us++) {
      const bucket = latenessBucket(us);
      expect(us).toBeLessThan(latenessBucketEnd(bucket));
      if (bucket > 0) expect(us).toBeGreaterThanOrEqual(latenessBucketEnd(bucket - 1));
    }
  });

  test("early counts as zero, and the last bucket takes everything later", () => {
    expect(latenessBucket(-5)).toBe(0);
    expect(latenessBucket(2 ** 40)).toBe(63);
    expect(latenessBucket(0x3fffffff)).toBe(63);
  });
});
