import { expect, test } from "bun:test";
import { GapBoard } from "./gap-board.ts";
import type { SeatGaps } from "./seat-order.ts";
import type { Gap } from "./target-record.ts";

const SECOND = 1_000_000;

/** Function 0 has two addresses, function 1 has one. */
const TARGETS = [{ functionIndex: 0 }, { functionIndex: 0 }, { functionIndex: 1 }];
const board = () => new GapBoard(2, TARGETS, 0);

const gap = (startUs: number, endUs: number | null): Gap => ({ startUs, endUs, lost: 3 });

/** What a seat says of targets 0, 1 and 2. */
function says(atUs: number, ...targets: { ended?: Gap[]; unjudged?: Gap[] }[]): SeatGaps {
  const all = TARGETS.map((_, target) => ({ ended: [], unjudged: [], ...targets[target] }));
  return { atUs, targets: all };
}

test("no gap, no figure", () => {
  const seen = board();
  seen.take(0, says(SECOND));
  expect(seen.figures()).toEqual([
    { openMs: null, last: null, worst: null },
    { openMs: null, last: null, worst: null },
  ]);
});

test("silence counts while it lasts, is a gap when it is over, and the same gap when it is judged", () => {
  const seen = board();
  seen.take(0, says(5 * SECOND, {}, {}, { unjudged: [gap(4.9 * SECOND, null)] }));
  expect(seen.figures()[1]).toEqual({ openMs: 100, last: null, worst: null });
  const over = gap(4.9 * SECOND, 5.1 * SECOND);
  const ended = { ms: 200, endedUs: 5.1 * SECOND };
  seen.take(0, says(5.2 * SECOND, {}, {}, { unjudged: [over] }));
  expect(seen.figures()[1]).toEqual({ openMs: null, last: ended, worst: ended });
  for (const atS of [6, 6.2, 6.4]) {
    seen.take(0, says(atS * SECOND, {}, {}, { ended: [over] }));
    expect(seen.figures()[1]).toEqual({ openMs: null, last: ended, worst: ended });
  }
});

test("a late answer makes a gap that is not judged yet shorter", () => {
  const seen = board();
  seen.take(0, says(5 * SECOND, {}, {}, { unjudged: [gap(4 * SECOND, 4.5 * SECOND)] }));
  expect(seen.figures()[1]?.worst?.ms).toBe(500);
  seen.take(0, says(6 * SECOND, {}, {}, { ended: [gap(4 * SECOND, 4.1 * SECOND)] }));
  expect(seen.figures()[1]?.worst?.ms).toBe(100);
});

test("the longest of all addresses and seats counts as one interruption; the next one is another", () => {
  const seen = board();
  const first = [gap(SECOND, 1.05 * SECOND)];
  const longer = [gap(SECOND, 1.08 * SECOND)];
  seen.take(0, says(3 * SECOND, { ended: longer }, { ended: first }));
  seen.take(1, says(3 * SECOND, { ended: first }, { ended: first }));
  expect(seen.figures()[0]?.last).toEqual({ ms: 80, endedUs: 1.08 * SECOND });
  seen.take(1, says(9 * SECOND, { ended: [gap(7 * SECOND, 7.02 * SECOND)] }));
  expect(seen.figures()[0]).toEqual({
    openMs: null,
    last: { ms: 20, endedUs: 7.02 * SECOND },
    worst: { ms: 80, endedUs: 1.08 * SECOND },
  });
});

test("after a restart only later gaps count; silent functions stay silent", () => {
  const seen = board();
  seen.take(0, says(3 * SECOND, { ended: [gap(SECOND, 2 * SECOND)] }));
  seen.restart(4 * SECOND);
  seen.take(0, says(5 * SECOND, { unjudged: [gap(3.5 * SECOND, null)] }));
  expect(seen.figures()[0]).toEqual({ openMs: 1500, last: null, worst: null });
  seen.take(0, says(6 * SECOND, { ended: [gap(3.5 * SECOND, 5.5 * SECOND)] }));
  expect(seen.figures()[0]).toEqual({ openMs: null, last: null, worst: null });
  expect(seen.sinceUs).toBe(4 * SECOND);
});
