import { describe, expect, test } from "bun:test";
import {
  GROUP_FORGOTTEN_REPEAT_MS,
  GROUP_REPORT_MS,
  GROUP_REPORT_PAUSE_MS_MAX,
  NETWORK_SILENT_MS,
} from "../limits.ts";
import {
  NETWORK_HEARD_AGAIN,
  NETWORK_SILENT,
  NETWORK_UNCHANGED,
  NetworkWatch,
} from "./network-watch.ts";

const MS = 1000;
const PERIOD_MS = 10;
const DETECTION_MS = 100;

/** Two networks, three servers, of which 0 is this one; flies period by period. */
class Bench {
  readonly watch = new NetworkWatch(2, 3, PERIOD_MS * MS, DETECTION_MS * MS);
  atMs = 1000;
  /** Whether switches were told of the group on network 0, one entry for each time, in ms. */
  readonly reports: number[] = [];
  forgotten = 0;

  /** @returns what became of server 1 on network 0, as far as it is news */
  fly(ms: number, hears: boolean, { isAlive = true, carrier = true } = {}): number[] {
    const news: number[] = [];
    for (const endMs = this.atMs + ms; this.atMs < endMs; this.atMs += PERIOD_MS) {
      const nowUs = this.atMs * MS;
      this.watch.begin(nowUs);
      const change = this.watch.judge(0, 1, isAlive, carrier, nowUs);
      if (change !== NETWORK_UNCHANGED) news.push(change);
      if (this.watch.wantsReport(0, nowUs)) this.reports.push(this.atMs);
      if (this.watch.takeForgotten(0, nowUs)) this.forgotten++;
      if (hears) this.watch.noteHeard(0, 1, nowUs);
    }
    return news;
  }
}

describe("a server that is alive and not heard on a network", () => {
  test("is silent there after some seconds, and no longer as soon as it is heard", () => {
    const bench = new Bench();
    expect(bench.fly(1000, true)).toEqual([]);
    expect(bench.fly(NETWORK_SILENT_MS - PERIOD_MS, false)).toEqual([]);
    expect(bench.fly(2 * PERIOD_MS, false)).toEqual([NETWORK_SILENT]);
    expect(bench.fly(5000, false)).toEqual([]);
    expect(bench.fly(1000, true)).toEqual([NETWORK_HEARD_AGAIN]);
  });

  test("though it was never heard there at all", () => {
    const bench = new Bench();
    expect(bench.fly(1000, false, { isAlive: false })).toEqual([]);
    expect(bench.fly(NETWORK_SILENT_MS + PERIOD_MS, false)).toEqual([NETWORK_SILENT]);
  });

  test.each([{ isAlive: false }, { carrier: false }])(
    "no more once it is not expected: %o",
    (no) => {
      const bench = new Bench();
      bench.fly(1000, true);
      expect(bench.fly(2 * NETWORK_SILENT_MS, false)).toEqual([NETWORK_SILENT]);
      expect(bench.fly(2 * NETWORK_SILENT_MS, false, no)).toEqual([NETWORK_HEARD_AGAIN]);
      expect(bench.fly(NETWORK_SILENT_MS - PERIOD_MS, false)).toEqual([]);
    },
  );

  test("is not in the mask of that network", () => {
    const bench = new Bench();
    bench.fly(1000, true);
    expect(bench.watch.heardMask(0, bench.atMs * MS)).toBe(0b010);
    expect(bench.watch.heardMask(1, bench.atMs * MS)).toBe(0);
    bench.fly(2 * DETECTION_MS, false);
    expect(bench.watch.heardMask(0, bench.atMs * MS)).toBe(0);
  });
});

describe("the group is reported to switches", () => {
  test("now and then while all are heard", () => {
    const bench = new Bench();
    bench.fly(3 * GROUP_REPORT_MS, true);
    expect(bench.reports).toHaveLength(3);
  });

  test("well before a server that falls silent would be lost, then with growing pauses", () => {
    const bench = new Bench();
    bench.fly(1000, true);
    bench.reports.length = 0;
    const silentMs = bench.atMs;
    bench.fly(60_000, false);
    const pauses = bench.reports.map(
      (atMs, place) => atMs - (bench.reports[place - 1] ?? silentMs),
    );
    expect(pauses[0]).toBeLessThanOrEqual(DETECTION_MS / 2 + PERIOD_MS);
    expect(pauses[1]).toBeGreaterThanOrEqual(DETECTION_MS);
    expect(Math.max(...pauses)).toBe(GROUP_REPORT_PAUSE_MS_MAX);
    expect(pauses.toSorted((one, other) => one - other)).toEqual(pauses);
  });

  test("not because this loop was late", () => {
    const bench = new Bench();
    bench.fly(1000, true);
    bench.reports.length = 0;
    bench.atMs += DETECTION_MS;
    bench.fly(1000, true);
    expect([bench.reports, bench.forgotten]).toEqual([[], 0]);
  });
});

describe("they had forgotten it", () => {
  test("a missed server is heard right after the report; recorded rarely", () => {
    const bench = new Bench();
    bench.fly(1000, true);
    for (let round = 0; round < 3; round++) {
      bench.fly(DETECTION_MS / 2 + 2 * PERIOD_MS, false);
      bench.fly(1000, true);
    }
    expect(bench.forgotten).toBe(1);
    bench.fly(GROUP_FORGOTTEN_REPEAT_MS, true);
    bench.fly(DETECTION_MS / 2 + 2 * PERIOD_MS, false);
    bench.fly(1000, true);
    expect(bench.forgotten).toBe(2);
  });

  test("not when a server was away for long: it has been started again", () => {
    const bench = new Bench();
    bench.fly(1000, true);
    bench.fly(10 * DETECTION_MS, false);
    bench.fly(1000, true);
    expect(bench.forgotten).toBe(0);
  });
});
