import { beforeEach, expect, test } from "bun:test";
import { EVENT_PROCESS, EVENT_RECORD, EventQueue } from "../boundary/event-queue.ts";
import { LOG_VIP_REFUSED, LOG_VIP_TAKEN } from "../boundary/maintenance-code.ts";
import { ATTEMPT_PAUSE_MS_MAX, VIP_ATTEMPTS_PER_PERIOD_MAX } from "../limits.ts";
import type { Announcer } from "./announcer.ts";
import { EACCES } from "./errno.ts";
import { VipAttempts } from "./vip-attempts.ts";
import type { VipSwitcher } from "./vip-switcher.ts";

const FUNCTIONS = 12;
const VIPS = 2;
const PERIOD_US = 20_000;

/** A kernel that refuses the second VIP of every function as long as it does. */
class Kernel {
  refuses = true;
  queued = 0;
  readonly asked: number[] = [];
  readonly result = new Int32Array(FUNCTIONS);
  readonly refused = new Int32Array(VIPS * FUNCTIONS);
  readonly table = {
    count: VIPS * FUNCTIONS,
    functionCount: FUNCTIONS,
    functionOf: Int32Array.from({ length: VIPS * FUNCTIONS }, (_, vip) => Math.floor(vip / VIPS)),
    firstOf: Int32Array.from({ length: FUNCTIONS + 1 }, (_, index) => VIPS * index),
  };
  readonly announced: number[] = [];

  addAgain(vip: number): void {
    this.queued++;
    this.asked.push(vip);
    this.refused[vip] = this.refuses ? EACCES : 0;
  }

  commit(): void {
    this.queued = 0;
  }

  announce(index: number): void {
    this.announced.push(index);
  }
}

let kernel: Kernel;
let attempts: VipAttempts;
let nowUs: number;
let isLockFree: boolean;
beforeEach(() => {
  kernel = new Kernel();
  isLockFree = true;
  attempts = new VipAttempts(
    ...([kernel as unknown as VipSwitcher, kernel as unknown as Announcer] as const),
    { isLockFree: () => isLockFree },
  );
  nowUs = 1_000_000;
});

function up(index: number): void {
  kernel.refused[VIPS * index + 1] = kernel.refuses ? EACCES : 0;
  kernel.result[index] = kernel.refuses ? EACCES : 0;
  attempts.noteUp(index);
}

/** Kind, index and values of what one period reports. */
function period(): number[][] {
  const events = new EventQueue();
  attempts.lookAfter(nowUs, events);
  nowUs += PERIOD_US;
  return Array.from({ length: events.count }, (_, at) => [
    events.kind[at] as number,
    events.index[at] as number,
    events.first[at] as number,
    events.second[at] as number,
  ]);
}

test("one that is refused is named once, tried again at growing pauses, and ends when it is set", () => {
  up(3);
  expect(period()).toEqual([[EVENT_RECORD, LOG_VIP_REFUSED, 3 | (1 << 16), EACCES]]);
  const begin = nowUs;
  while (nowUs - begin < 60_000_000) expect(period()).toEqual([]);
  expect(kernel.asked.length).toBeGreaterThan(60_000 / ATTEMPT_PAUSE_MS_MAX);
  expect(kernel.asked.length).toBeLessThan(15);
  expect(kernel.announced).toEqual([]);
  kernel.refuses = false;
  const reports: number[][] = [];
  const mended = nowUs;
  while (nowUs - mended <= ATTEMPT_PAUSE_MS_MAX * 1000) reports.push(...period());
  expect(reports).toEqual([[EVENT_RECORD, LOG_VIP_TAKEN, 3 | (1 << 16), 0]]);
  expect(kernel.announced).toEqual([3]);
});

test("what waits for the kernel's lock is tried in the turn in which that is free", () => {
  up(3);
  isLockFree = false;
  for (let periods = 0; periods < 500; periods++) {
    period();
    attempts.tryWaiting();
  }
  expect(kernel.asked).toEqual([]);
  isLockFree = true;
  attempts.tryWaiting();
  expect(kernel.asked).toEqual([7]);
  attempts.tryWaiting();
  expect(kernel.asked).toEqual([7]);
});

test("the function leaves: its fault ends, and nothing is tried any more", () => {
  up(3);
  period();
  attempts.noteRemoved(3);
  expect(period()).toEqual([[EVENT_RECORD, LOG_VIP_TAKEN, 3 | (1 << 16), 0]]);
  const asked = kernel.asked.length;
  nowUs += 60_000_000;
  expect(period()).toEqual([]);
  expect([kernel.asked.length, kernel.announced.length]).toEqual([asked, 0]);
});

test("the function comes back: a VIP refused for long is retried at once, as the first time", () => {
  up(3);
  while (kernel.asked.length < 7) period(); // pauses have grown, and the longest yet begins
  attempts.noteRemoved(3);
  period();
  const asked = kernel.asked.length;
  up(3);
  expect(period()).toEqual([[EVENT_RECORD, LOG_VIP_REFUSED, 3 | (1 << 16), EACCES]]);
  expect(kernel.asked.length).toBe(asked + 1);
});

test("no room for the record of an end: it comes in the next period", () => {
  up(3);
  period();
  attempts.noteRemoved(3);
  const full = new EventQueue();
  while (full.push(EVENT_PROCESS, 0, 0));
  attempts.lookAfter(nowUs, full);
  expect(period()).toEqual([[EVENT_RECORD, LOG_VIP_TAKEN, 3 | (1 << 16), 0]]);
});

test("a period tries a bounded number, and each gets its turn", () => {
  for (let index = 0; index < FUNCTIONS; index++) up(index);
  period();
  expect(kernel.asked).toHaveLength(VIP_ATTEMPTS_PER_PERIOD_MAX);
  period();
  expect(new Set(kernel.asked).size).toBe(FUNCTIONS);
});

test("a function whose VIPs are all refused may come back again and again, until it is up", () => {
  period();
  attempts.noteFailed(5);
  const dues: number[] = [];
  const begin = nowUs;
  while (nowUs - begin < 40_000_000) {
    for (const [kind, index] of period()) {
      expect([kind, index]).toEqual([EVENT_PROCESS, 5]);
      dues.push(Math.round((nowUs - begin) / 1_000_000));
    }
  }
  expect(dues).toEqual([1, 3, 7, 15, 25, 35]);
  kernel.refuses = false;
  up(5);
  nowUs += 60_000_000;
  expect(period()).toEqual([]);
});
