import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { ProbeRecord } from "./probe-record.ts";

const directory = scratchDirectory("test");
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;

/** One round a millisecond from 1 ms on; the answering server of each, 0 for none. */
function recordOf(...answers: number[]): ProbeRecord {
  const record = new ProbeRecord(join(directory, `record-${files++}`), 1);
  answers.forEach((server, round) => {
    record.beginRound(round, 1000 * (round + 1));
    if (server !== 0) record.enterAnswer(0, round, server);
  });
  return record;
}

describe("outage", () => {
  test("from the last answered probe before to the first after", () => {
    expect(recordOf(1, 1, 0, 0, 0, 2, 2).outageMs(0, 2500)).toBe(4);
  });

  test("one millisecond when nothing was lost", () => {
    expect(recordOf(1, 1, 2, 2).outageMs(0, 2500)).toBe(1);
  });

  test("probes lost before the fault do not count", () => {
    expect(recordOf(1, 0, 0, 0, 1, 1, 0, 2).outageMs(0, 6500)).toBe(2);
  });

  test("a single answer does not hide what follows", () => {
    expect(recordOf(1, 0, 2, 0, 0, 0, 2).outageMs(0, 1500)).toBe(4);
  });
});

describe("answers", () => {
  test("steady: every probe that had time to be answered, and by this server", () => {
    const quiet = Array<number>(20).fill(0);
    expect(recordOf(1, 2, 2, 2, ...quiet).isSteady(2, 3)).toBe(true);
    expect(recordOf(1, 2, 2, 2, ...quiet).isSteady(2, 4)).toBe(false);
    expect(recordOf(1, 2, 0, 2, ...quiet).isSteady(2, 3)).toBe(false);
    expect(recordOf(2, 2).isSteady(2, 2)).toBe(false);
  });

  test("two servers that answer the same probe are counted, one that answers twice is not", () => {
    const record = recordOf(1, 1, 1);
    record.enterAnswer(0, 0, 2);
    record.enterAnswer(0, 1, 1);
    expect(record.answeredTwice).toBe(1);
  });

  test("answers to probes that were never sent are ignored", () => {
    const record = recordOf(1);
    record.enterAnswer(0, 7, 2);
    record.enterAnswer(5, 0, 2);
    record.beginRound(7, 8000);
    expect(record.answeredTwice).toBe(0);
    expect(record.outageMs(0, 0)).toBe(0);
  });

  test("steady, each target by its own server", () => {
    const record = new ProbeRecord(join(directory, `record-${files++}`), 2);
    for (let round = 0; round < 23; round++) {
      record.beginRound(round, 1000 * (round + 1));
      record.enterAnswer(0, round, 1);
      record.enterAnswer(1, round, 2);
    }
    expect(record.isSteadyOf([1, 2], 3)).toBe(true);
    expect(record.isSteadyOf([2, 1], 3)).toBe(false);
    expect(record.isSteadyOf([1, 2], 4)).toBe(false);
  });

  test("each probe that had time to be answered, and the server that answered", () => {
    const quiet = Array<number>(20).fill(0);
    expect(recordOf(1, 0, 2, ...quiet).answersOf(0)).toEqual([
      { sentUs: 1000, by: 1 },
      { sentUs: 2000, by: 0 },
      { sentUs: 3000, by: 2 },
    ]);
  });
});
