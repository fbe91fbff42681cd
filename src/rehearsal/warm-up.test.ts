import { expect, test } from "bun:test";
import type { Allocation } from "../allocation/allocation.ts";
import { FunctionTable, PROCESS_NONE } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { timingOf } from "../boundary/timing.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  MARK_LEASE_REFUSED,
  MARK_LEASE_SHORTENED,
  MARK_RELAYED,
  MARK_STALLED,
  marks,
} from "../marks.ts";
import { warmUp } from "./warm-up.ts";

function tableOf(servers: number, functions: number): FunctionTable {
  const row = {
    required: 1,
    priority: 5,
    servers: (1 << servers) - 1,
    process: PROCESS_NONE,
    stopGraceMs: 0,
  };
  return new FunctionTable(
    Array<number>(servers).fill(FUNCTIONS_MAX),
    Array.from({ length: functions }, () => row),
  );
}

test("flies take-overs and hand-overs: the policy is asked with both servers, with either, and with everything owned", () => {
  const seen = new Set<number>();
  let owned = 0;
  const spy = {
    ...PREEMPT,
    allocate: (table: FunctionTable, allocation: Allocation): void => {
      seen.add(allocation.operable);
      for (let index = 0; index < table.functionCount; index++)
        if (allocation.current[index] >= 0) owned++;
      PREEMPT.allocate(table, allocation);
    },
  };
  warmUp(tableOf(2, 8), spy, timingOf(10, 3, 10, 0));
  expect([...seen].sort()).toEqual([1, 2, 3]);
  expect(owned).toBeGreaterThan(0);
});

test("code for the first failover has been run: messages relayed, leases granted and renewed", () => {
  const [relayed, shortened] = [marks[MARK_RELAYED], marks[MARK_LEASE_SHORTENED]];
  const refused = marks[MARK_LEASE_REFUSED] + marks[MARK_STALLED];
  warmUp(tableOf(3, 8), PREEMPT, timingOf(10, 5, 10, 0, 35));
  expect(marks[MARK_RELAYED] - relayed).toBeGreaterThan(100);
  expect(marks[MARK_LEASE_SHORTENED] - shortened).toBeGreaterThan(0);
  expect(marks[MARK_LEASE_REFUSED] + marks[MARK_STALLED]).toBe(refused); // it flew to its end
});

test("works with the largest table, and with a single server has nothing to do", () => {
  warmUp(tableOf(SERVERS_MAX, FUNCTIONS_MAX), PREEMPT, timingOf(5, 2, 1, 0));
  const unasked = { ...PREEMPT, allocate: () => expect.unreachable() };
  warmUp(tableOf(1, 1), unasked, timingOf(10, 3, 10, 0));
});
