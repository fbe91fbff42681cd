import { describe, expect, test } from "bun:test";
import { longestMs, silences, type Tenure, TenureRecorder, twoAnswers } from "./one-answer.ts";

/** `a1 b2`: server a speaks at 1 µs, b at 2; `a?`: a is asked. All for VIP 0. */
function recorded(story: string): readonly Tenure[] {
  const recorder = new TenureRecorder(3, 1);
  for (const step of story.split(" ")) {
    const server = step.charCodeAt(0) - "a".charCodeAt(0);
    if (step.endsWith("?")) recorder.asked(server, 0);
    else recorder.spoke(server, 0, Number(step.slice(1)));
  }
  return recorder.tenures;
}

const tenure = (server: number, fromUs: number, toUs: number, vip = 0): Tenure => ({
  server,
  vip,
  fromUs,
  toUs,
  frames: 2,
});

describe("tenures", () => {
  test("answered questions make one, an unanswered question ends it", () => {
    expect(recorded("a? a1 a? a5 a? a? a9 a? a12")).toEqual([
      { server: 0, vip: 0, fromUs: 1, toUs: 5, frames: 2 },
      { server: 0, vip: 0, fromUs: 9, toUs: 12, frames: 2 },
    ]);
  });

  test("an announcement is speaking too, and frames may come out of order", () => {
    expect(recorded("a3 a2 a? a7")).toEqual([{ server: 0, vip: 0, fromUs: 2, toUs: 7, frames: 3 }]);
  });

  test("VIPs and servers are kept apart", () => {
    const recorder = new TenureRecorder(2, 2);
    recorder.spoke(0, 1, 1);
    recorder.spoke(1, 0, 2);
    recorder.asked(0, 0);
    recorder.asked(0, 0);
    recorder.spoke(0, 1, 3);
    expect(recorder.tenures).toEqual([
      { server: 0, vip: 1, fromUs: 1, toUs: 3, frames: 2 },
      { server: 1, vip: 0, fromUs: 2, toUs: 2, frames: 1 },
    ]);
  });
});

describe("two answers", () => {
  test("a take-over after silence is none", () => {
    expect(twoAnswers(recorded("a? b? a1 a? b? b4 a? b? b6"))).toEqual([]);
  });

  test("an old owner that is silent while the other has it, and gets it back, is none", () => {
    expect(twoAnswers(recorded("a? a1 a? b? b4 a? b? a? b? a9"))).toEqual([]);
  });

  test("an old owner that speaks after the other's first answer is found, from one instant on", () => {
    expect(twoAnswers(recorded("a? b? a1 a? b? b4 a5 a? b? b8"))).toEqual([
      { vip: 0, servers: [0, 1], fromUs: 4, toUs: 5 },
    ]);
    expect(twoAnswers(recorded("a? b? a1 a? b? b4 a? a? b? b6 a7 b? b8"))).toEqual([
      { vip: 0, servers: [1, 0], fromUs: 7, toUs: 7 },
    ]);
  });

  test("lost answers cut a tenure, and the rest of it is still found", () => {
    expect(twoAnswers(recorded("b? a? b2 a? b? b3 a4 a? b? b5 b? b8"))).toHaveLength(1);
  });

  test("every pair of three servers is found, other VIPs are not mixed in", () => {
    const tenures = [tenure(0, 0, 10), tenure(1, 5, 20), tenure(2, 8, 9), tenure(2, 0, 50, 1)];
    expect(twoAnswers(tenures).map(({ servers }) => servers)).toEqual([
      [0, 1],
      [0, 2],
      [1, 2],
    ]);
    expect(longestMs(twoAnswers(tenures))).toBe(0.006);
    expect(longestMs([])).toBe(0);
  });

  test("the time in which one of both was apart does not count, what lies outside does", () => {
    const tenures = [tenure(0, 0, 100), tenure(1, 40, 80)];
    expect(twoAnswers(tenures, [{ server: 1, fromUs: 30, toUs: 90 }])).toEqual([]);
    expect(twoAnswers(tenures, [{ server: 2, fromUs: 30, toUs: 90 }])).toHaveLength(1);
    expect(twoAnswers(tenures, [{ server: 0, fromUs: 50, toUs: 60 }])).toEqual([
      { vip: 0, servers: [0, 1], fromUs: 40, toUs: 49 },
      { vip: 0, servers: [0, 1], fromUs: 61, toUs: 80 },
    ]);
  });
});

describe("silence", () => {
  test("is the time between two answers, from any server", () => {
    expect(silences(recorded("a? b? a1 a? a2 a? b? a? b9 b? b10"))).toEqual([
      { vip: 0, fromUs: 2, toUs: 9 },
    ]);
    expect(silences(recorded("a? a1 a? a5 a? a? a9 a? a12"))).toEqual([
      { vip: 0, fromUs: 5, toUs: 9 },
    ]);
  });

  test("is none while another server answers, before the first answer and after the last", () => {
    expect(silences([tenure(0, 0, 20), tenure(1, 5, 9), tenure(2, 20, 30)])).toEqual([]);
    expect(silences([tenure(0, 0, 5), tenure(1, 9, 12, 1)])).toEqual([]);
    expect(silences([])).toEqual([]);
  });
});
