import { expect, test } from "bun:test";
import { REFUSED_GONE_MS, REFUSED_SENDERS_MAX } from "../limits.ts";
import {
  GONE,
  NAMED,
  REFUSED_KEY,
  REFUSED_PORT,
  REFUSED_SYSTEM,
  RefusedSenders,
} from "./refused-senders.ts";

const MS = 1000;

/** Judges all rows once; gives the rows that are named and those that have gone. */
function judge(senders: RefusedSenders, atMs: number): { named: number[]; gone: number[] } {
  const outcome = { named: [] as number[], gone: [] as number[] };
  for (let row = 0; row < senders.rows; row++) {
    const news = senders.judge(row, atMs * MS);
    if (news === NAMED) outcome.named.push(row);
    if (news === GONE) outcome.gone.push(row);
  }
  return outcome;
}

test.each([5, 10, 1000])("one of every %d ms is named once, and gone once", (periodMs) => {
  const senders = new RefusedSenders(periodMs * MS);
  let named = 0;
  for (let atMs = 0; atMs < 20 * periodMs + 1000; atMs += periodMs) {
    senders.note(REFUSED_SYSTEM, 1, 0x0211, 0x22334455, atMs * MS);
    const rows = judge(senders, atMs).named;
    named += rows.length;
    for (const row of rows)
      expect([senders.reason[row], senders.network[row], senders.macHigh[row]]).toEqual([
        ...[REFUSED_SYSTEM, 1, 0x0211],
      ]);
  }
  expect(named).toBe(1);
  expect(senders.has(0x0211, 0x22334455)).toBe(true);
  expect(senders.has(0x0211, 0x22334456)).toBe(false);
  const silentMs = 20 * periodMs + 1000 + Math.max(REFUSED_GONE_MS, 5 * periodMs);
  expect(judge(senders, silentMs)).toEqual({ named: [], gone: [0] });
  expect(judge(senders, silentMs + 1)).toEqual({ named: [], gone: [] });
  expect(senders.has(0x0211, 0x22334455)).toBe(false);
});

test("one or two refused ones are no fault", () => {
  const senders = new RefusedSenders(10 * MS);
  senders.note(REFUSED_KEY, 0, 1, 2, 0);
  senders.note(REFUSED_KEY, 0, 1, 2, 10 * MS);
  for (let atMs = 0; atMs < 20_000; atMs += 10)
    expect(judge(senders, atMs)).toEqual({ named: [], gone: [] });
});

test("ever new addresses take no row from one that is named", () => {
  const senders = new RefusedSenders(10 * MS);
  let named = 0;
  for (let atMs = 0; atMs < 5000; atMs += 10) {
    senders.note(REFUSED_KEY, 0, 1, 2, atMs * MS);
    for (let host = 0; host < 100; host++)
      senders.note(REFUSED_PORT, 0, 3, 100 * atMs + host, atMs * MS);
    named += judge(senders, atMs).named.length;
  }
  expect(named).toBe(1);
  expect(senders.has(1, 2)).toBe(true);
  expect(senders.rows).toBe(REFUSED_SENDERS_MAX);
});
