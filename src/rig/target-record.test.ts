import { expect, test } from "bun:test";
import { GAPS_MAX, LATE_US, NOBODY, TargetRecord } from "./target-record.ts";

const STEP_US = 4000;

/**
 * Sends one probe for each character, 4 ms apart: a digit is the server that answers, a dot is
 * nobody. Judged at the end of time.
 */
function recordOf(story: string): TargetRecord {
  const record = new TargetRecord();
  [...story].forEach((character, number) => {
    const sequence = record.sent((number + 1) * STEP_US);
    if (character !== ".") record.answer(sequence, Number(character), 7);
  });
  record.judge(story.length * STEP_US + 2 * LATE_US);
  return record;
}

test("no gap while every probe is answered", () => {
  const record = recordOf("0000");
  expect(record.gapsSince(0)).toEqual([]);
  expect([record.answered, record.lost, record.server]).toEqual([4, 0, 0]);
});

test("a gap is from the last answered probe to the first answered one after it", () => {
  expect(recordOf("00...1").gapsSince(0)).toEqual([
    { startUs: 2 * STEP_US, endUs: 6 * STEP_US, lost: 3 },
  ]);
});

test("silence before the first answer is no gap; silence at the end is one without an end", () => {
  expect(recordOf("...0").gapsSince(0)).toEqual([]);
  expect(recordOf("0...").gapsSince(0)).toEqual([{ startUs: STEP_US, endUs: null, lost: 3 }]);
});

test("gaps that ended before the time asked for are left out", () => {
  const record = recordOf("0.0.0");
  expect(record.gapsSince(3 * STEP_US)).toEqual([
    { startUs: 3 * STEP_US, endUs: 5 * STEP_US, lost: 1 },
  ]);
});

test("an answer up to a second late counts, a later one does not", () => {
  const record = new TargetRecord();
  record.answer(record.sent(1000), 0, 7);
  const late = record.sent(2000);
  record.judge(2000 + LATE_US - 1);
  record.answer(late, 0, 7);
  const tooLate = record.sent(3000);
  record.judge(3000 + LATE_US);
  record.answer(tooLate, 0, 7);
  record.answer(record.sent(4000), 0, 7);
  record.judge(5000);
  expect(record.gapsSince(0)).toEqual([{ startUs: 2000, endUs: 4000, lost: 1 }]);
});

test("answers that overtake each other make neither a gap nor a change", () => {
  const record = new TargetRecord();
  const first = record.sent(1000);
  const second = record.sent(2000);
  record.answer(second, 0, 7);
  record.judge(2500);
  record.answer(first, 0, 7);
  record.judge(3000);
  expect([record.answered, record.gapsSince(0), record.changesSince(0)]).toEqual([2, [], []]);
});

test("a change of the server or of its process is noted with the first probe that the new one answered", () => {
  expect(recordOf("0011").changesSince(0)).toEqual([{ atUs: 3 * STEP_US, from: 0, to: 1 }]);
  const record = new TargetRecord();
  record.answer(record.sent(1000), 0, 7);
  record.answer(record.sent(2000), 0, 8);
  record.judge(2000);
  expect(record.changesSince(0)).toEqual([{ atUs: 2000, from: 0, to: 0 }]);
});

test("an orderly change is no overlap", () => {
  expect(recordOf("000.111").overlapsSince(0)).toEqual([]);
  expect(recordOf(`000.111${"1".repeat(100)}000`).overlapsSince(0)).toEqual([]);
});

test("the older server answers again soon after the newer one: two owners", () => {
  expect(recordOf("000101").overlapsSince(0).length).toBeGreaterThan(0);
});

test("two servers answer the same probe: two owners, however late the second answer", () => {
  const record = new TargetRecord();
  const sequence = record.sent(1000);
  record.answer(sequence, 0, 7);
  record.judge(1500);
  record.answer(sequence, 1, 9);
  expect(record.overlapsSince(0)).toEqual([{ atUs: 1000, first: 0, second: 1 }]);
});

test("a second copy of an answer, and answers to probes that were never sent, change nothing", () => {
  const record = recordOf("00");
  record.answer(1, 0, 7);
  record.answer(99, 1, 7);
  expect([record.answered, record.overlaps, record.server]).toEqual([2, 0, 0]);
});

test("of very many gaps the newest are remembered", () => {
  const gaps = recordOf(`${"0.".repeat(GAPS_MAX + 10)}0`).gapsSince(0);
  expect(gaps.length).toBe(GAPS_MAX);
  expect(gaps[0]?.startUs).toBe((2 * 10 + 1) * STEP_US);
});

test("a seat that was never answered knows no server", () => {
  const record = recordOf("..");
  expect([record.server, record.lost]).toEqual([NOBODY, 2]);
});

test("the newest answered probe is known at once, the ones before it are still waited for", () => {
  const record = new TargetRecord();
  const first = record.sent(STEP_US);
  const second = record.sent(2 * STEP_US);
  expect(record.newestAnsweredUs).toBe(0);
  record.answer(second, 0, 7);
  record.judge(3 * STEP_US);
  expect([record.newestAnsweredUs, record.answered]).toEqual([2 * STEP_US, 0]);
  record.answer(first, 0, 7);
  expect(record.newestAnsweredUs).toBe(2 * STEP_US);
});

test("gaps that are not judged yet: one that is over, and silence from three probes on", () => {
  const record = new TargetRecord();
  const send = (answered: boolean) => {
    const sequence = record.sent((record.next + 1) * STEP_US);
    if (answered) record.answer(sequence, 0, 7);
    record.judge(record.next * STEP_US);
  };
  send(true);
  for (let count = 0; count < 2; count++) send(false);
  expect(record.unjudgedGaps()).toEqual([]); // the answers may be on their way
  send(false);
  expect(record.unjudgedGaps()).toEqual([{ startUs: STEP_US, endUs: null, lost: 3 }]);
  send(true);
  const over = { startUs: STEP_US, endUs: 5 * STEP_US, lost: 3 };
  expect(record.unjudgedGaps()).toEqual([over]);
  expect(record.gapsSince(0)).toEqual([]);
  record.judge(2 * LATE_US);
  expect(record.unjudgedGaps()).toEqual([]);
  expect(record.gapsSince(0)).toEqual([over]);
});
