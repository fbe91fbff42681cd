import { describe, expect, test } from "bun:test";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  COUNTER_DROPPED,
  COUNTERS,
  LATENESS_BUCKETS,
  latenessBucket,
  latenessBucketEnd,
  STATUS_BYTES,
  STATUS_COUNTERS_AT,
  STATUS_FUNCTIONS_AT,
  STATUS_HISTOGRAM_AT,
  STATUS_LATENESS_MAX_AT,
  STATUS_SERVER_BYTES,
  STATUS_SERVERS_AT,
} from "./status-snapshot.ts";

test("no two fields overlap", () => {
  expect(COUNTERS).toBeGreaterThan(COUNTER_DROPPED);
  expect(STATUS_COUNTERS_AT + 4 * COUNTERS).toBeLessThanOrEqual(STATUS_LATENESS_MAX_AT);
  expect(STATUS_LATENESS_MAX_AT + 4).toBeLessThanOrEqual(STATUS_SERVERS_AT);
  expect(STATUS_SERVERS_AT + SERVERS_MAX * STATUS_SERVER_BYTES).toBeLessThanOrEqual(
    STATUS_HISTOGRAM_AT,
  );
  expect(STATUS_HISTOGRAM_AT + 4 * LATENESS_BUCKETS).toBeLessThanOrEqual(STATUS_FUNCTIONS_AT);
  expect(STATUS_FUNCTIONS_AT + 2 * FUNCTIONS_MAX).toBe(STATUS_BYTES);
  expect(STATUS_SERVERS_AT % 8).toBe(0); // a double stands first in each row
});

describe("buckets of lateness", () => {
  test("up to 65 ms every lateness lies below the end of its bucket and not below the end of the one before", () => {
    for (let us = 0; us < 65_536; us++) {
      const bucket = latenessBucket(us);
      expect(us).toBeLessThan(latenessBucketEnd(bucket));
      if (bucket > 0) expect(us).toBeGreaterThanOrEqual(latenessBucketEnd(bucket - 1));
    }
  });

  test("what is early counts as nothing, and the last bucket takes all that is later", () => {
    expect(latenessBucket(-5)).toBe(0);
    expect(latenessBucket(2 ** 40)).toBe(63);
    expect(latenessBucket(0x3fffffff)).toBe(63);
  });
});
