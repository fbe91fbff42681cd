import { beforeEach, expect, test } from "bun:test";
import { FunctionTable, PROCESS_NONE } from "../allocation/function-table.ts";
import { PREEMPT } from "../allocation/preempt.ts";
import { COUNTER_SENT } from "../boundary/counters.ts";
import { PHASE_ACTIVE, PHASE_ISOLATED, PHASE_LISTENING } from "../boundary/phase.ts";
import { SERVER_ALIVE, SERVER_LOST } from "../boundary/server-state.ts";
import { timingOf } from "../boundary/timing.ts";
import { Engine } from "../core/engine.ts";
import { UP } from "../core/handover-rows.ts";
import { SAY_READY, SAY_STATUS, SAY_WATCHDOG } from "../wire/service-message.ts";
import { ServiceReport } from "./service-report.ts";
import { FeedingRhythm } from "./watchdog.ts";

const WATCHDOG_US = 3_000_000;
const COUNT_EVERY_US = 250_000;

let engine: Engine;
let report: ServiceReport;

function reportOf(watchdog: FeedingRhythm | null): ServiceReport {
  const row = { required: 1, priority: 5, servers: 7, process: PROCESS_NONE, stopGraceMs: 0 };
  const table = new FunctionTable([10, 10, 10], [row, row]);
  const identity = { self: 0, systemId: 1, digestHigh: 1, digestLow: 1, incarnation: 1, nonce: 1 };
  engine = new Engine(table, PREEMPT, identity, timingOf(10, 5, 10, 0), 1_000_000, 0);
  return new ServiceReport(engine, table, watchdog);
}

/** What is due, taken by the service manager. */
function saidAt(nowUs: number): number {
  const say = report.due(nowUs);
  report.reported(say, nowUs);
  return say;
}

/** The loop has come round and the server is active. */
function fly(): void {
  engine.counters[COUNTER_SENT] = 3;
  engine.phases.phase = PHASE_ACTIVE;
}

beforeEach(() => {
  report = reportOf(new FeedingRhythm(WATCHDOG_US, 3));
});

test("before the loop has come round nothing is ready, but the loop turns", () => {
  engine.phases.phase = PHASE_ACTIVE;
  engine.counters[COUNTER_SENT] = 2;
  expect(saidAt(10)).toBe(SAY_WATCHDOG | SAY_STATUS);
  engine.counters[COUNTER_SENT] = 3;
  expect(saidAt(20) & SAY_READY).toBe(SAY_READY);
});

test("not ready while it listens; ready once, with the phase", () => {
  fly();
  engine.phases.phase = PHASE_LISTENING;
  for (let nowUs = 0; nowUs < 900_000; nowUs += 10_000) expect(saidAt(nowUs) & SAY_READY).toBe(0);
  engine.phases.phase = PHASE_ACTIVE;
  expect(saidAt(900_000)).toBe(SAY_READY | SAY_STATUS);
  expect(report.phase).toBe(PHASE_ACTIVE);
  for (let nowUs = 910_000; nowUs < 999_999; nowUs += 10_000) expect(saidAt(nowUs)).toBe(0);
});

test("what no waiting mends keeps nothing from being ready: no carrier, held back by another table", () => {
  fly();
  engine.phases.phase = PHASE_ISOLATED;
  expect(saidAt(0) & SAY_READY).toBe(SAY_READY);
  report = reportOf(null);
  fly();
  engine.phases.phase = PHASE_LISTENING;
  expect(saidAt(0) & SAY_READY).toBe(0);
  engine.phases.passive = true;
  expect(saidAt(10) & SAY_READY).toBe(SAY_READY);
});

test("the watchdog is fed from the first turn on, three times in its time; without one, never", () => {
  const feedings = (): number[] => {
    const times: number[] = [];
    for (let nowUs = 10_000; nowUs <= WATCHDOG_US; nowUs += 10_000) {
      if ((saidAt(nowUs) & SAY_WATCHDOG) !== 0) times.push(nowUs);
    }
    return times;
  };
  expect(feedings()).toEqual([10_000, 1_010_000, 2_010_000]);
  report = reportOf(null);
  expect(feedings()).toEqual([]);
});

test("the status is sent when something in it changes: the phase at once, the counts after a while", () => {
  fly();
  saidAt(0);
  expect([report.functionsUp, report.serversAlive]).toEqual([0, 1]);
  engine.handover.state[1] = UP;
  engine.membership.state[2] = SERVER_ALIVE;
  expect(saidAt(COUNT_EVERY_US - 1)).toBe(0);
  expect(saidAt(COUNT_EVERY_US)).toBe(SAY_STATUS);
  expect([report.functionsUp, report.serversAlive]).toEqual([1, 2]);
  engine.membership.state[2] = SERVER_LOST;
  engine.phases.phase = PHASE_ISOLATED;
  expect(saidAt(COUNT_EVERY_US + 1)).toBe(SAY_STATUS);
  expect([report.phase, report.serversAlive]).toEqual([PHASE_ISOLATED, 1]);
  expect(saidAt(2 * COUNT_EVERY_US + 1)).toBe(0); // nothing has changed
});

test("what the service manager does not take stays due", () => {
  fly();
  const everything = SAY_READY | SAY_WATCHDOG | SAY_STATUS;
  expect(report.due(0)).toBe(everything);
  expect(report.due(10)).toBe(everything);
  report.reported(everything, 10);
  expect(report.due(20)).toBe(0);
});
