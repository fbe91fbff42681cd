import { expect, test } from "bun:test";
import { ANNOUNCE_FOR_MS, ANNOUNCED_PER_PERIOD_MAX } from "../limits.ts";
import { AnnouncementSeries } from "./announcement-series.ts";

const PERIOD_US = 20_000;

function period(series: AnnouncementSeries, nowUs: number): number[] {
  const indexes: number[] = [];
  series.beginPeriod(nowUs);
  for (let index = series.next(nowUs); index >= 0; index = series.next(nowUs)) indexes.push(index);
  return indexes;
}

/** Seconds after the begin at which each announcement of function 0 comes. */
function seconds(series: AnnouncementSeries, beganUs: number, forMs: number): number[] {
  const found: number[] = [];
  for (let nowUs = beganUs; nowUs <= beganUs + forMs * 1000; nowUs += PERIOD_US)
    if (period(series, nowUs).includes(0)) found.push((nowUs - beganUs) / 1_000_000);
  return found;
}

test("pauses grow up to ten seconds, and end after three minutes", () => {
  const series = new AnnouncementSeries(2);
  series.begin(0, 0);
  const found = seconds(series, 0, 2 * ANNOUNCE_FOR_MS);
  expect(found.slice(0, 6)).toEqual([2, 6, 14, 24, 34, 44]);
  expect(found.at(-1)).toBe(174);
  expect(found).toHaveLength(19);
});

test("one that leaves is no longer announced; one that returns starts over", () => {
  const series = new AnnouncementSeries(1);
  series.begin(0, 0);
  series.end(0);
  expect(seconds(series, 0, 60_000)).toEqual([]);
  series.begin(0, 60_000_000);
  expect(seconds(series, 60_000_000, 10_000)).toEqual([2, 6]);
});

test("many at once: a bounded number in a period, and each in its turn", () => {
  const series = new AnnouncementSeries(100);
  for (let index = 0; index < 100; index++) series.begin(index, 0);
  const seen: number[] = [];
  for (let nowUs = 2_000_000; seen.length < 100; nowUs += PERIOD_US) {
    const found = period(series, nowUs);
    expect(found.length).toBeLessThan(ANNOUNCED_PER_PERIOD_MAX + 1);
    expect(found.length).toBeGreaterThan(0);
    seen.push(...found);
  }
  expect(seen.sort((one, other) => one - other)).toEqual([...Array(100).keys()]);
});
