import { expect, test } from "bun:test";
import { COUNTER_DROPPED, COUNTERS } from "../core/counters.ts";
import { LATENESS_BUCKETS } from "../core/lateness.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
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
