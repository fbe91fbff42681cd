import { expect, test } from "bun:test";
import { timingOf } from "../boundary/timing.ts";
import { CUT_OFF_PAUSE_MS_MAX, CUT_OFF_PAUSE_MS_MIN, WITNESS_SILENT_MS } from "../limits.ts";
import { Isolation, NO_OTHER, NOBODY_ELSE, OTHERS_BLIND, OTHERS_REACH } from "./isolation.ts";

const timing = timingOf(10, 5, 3, 0); // detection after 50 ms
const BEGAN_US = 1_000_000;
const EVERYBODY = [NOBODY_ELSE, NO_OTHER, OTHERS_BLIND, OTHERS_REACH];
const PATIENCE_US = WITNESS_SILENT_MS * 1000;
const PAUSE_US = CUT_OFF_PAUSE_MS_MIN * 1000;

test("without witnesses the last server serves, whoever is heard", () => {
  const isolation = new Isolation(0, timing, BEGAN_US);
  for (const others of EVERYBODY) expect(isolation.isCutOff(BEGAN_US + 1e9, others)).toBe(false);
  expect(isolation.hasContact(BEGAN_US, NOBODY_ELSE)).toBe(true);
  expect(isolation.probe()).toBe(-1);
});

test("no carrier is cut off, with peers and without", () => {
  const isolation = new Isolation(0, timing, BEGAN_US);
  isolation.setCarrier(false, BEGAN_US);
  expect(isolation.isCutOff(BEGAN_US, OTHERS_BLIND)).toBe(true);
  expect(isolation.hasContact(BEGAN_US, OTHERS_BLIND)).toBe(false);
});

test("no peer and no witness is cut off, after the detection time and a period for each witness", () => {
  const isolation = new Isolation(2, timing, BEGAN_US);
  isolation.onWitness(BEGAN_US + 5_000);
  const cutOffUs = BEGAN_US + 5_000 + 50_000 + 2 * 10_000;
  expect(isolation.isCutOff(cutOffUs - 1, NOBODY_ELSE)).toBe(false);
  expect(isolation.isCutOff(cutOffUs, NOBODY_ELSE)).toBe(true);
  for (const others of [NO_OTHER, OTHERS_BLIND, OTHERS_REACH])
    expect(isolation.isCutOff(cutOffUs, others)).toBe(false);
  isolation.onWitness(cutOffUs);
  expect(isolation.isCutOff(cutOffUs, NOBODY_ELSE)).toBe(false);
});

test("one that starts has no contact before it has heard a witness, or others that reach none", () => {
  const isolation = new Isolation(1, timing, BEGAN_US);
  expect(isolation.hasContact(BEGAN_US, NOBODY_ELSE)).toBe(false);
  expect(isolation.hasContact(BEGAN_US, OTHERS_REACH)).toBe(false);
  expect(isolation.isCutOff(BEGAN_US, NOBODY_ELSE)).toBe(false);
  expect(isolation.isCutOff(BEGAN_US + 60_000, NOBODY_ELSE)).toBe(true);
  expect(isolation.hasContact(BEGAN_US, OTHERS_BLIND)).toBe(true);
  isolation.onWitness(BEGAN_US + 1_000);
  for (const others of EVERYBODY) expect(isolation.hasContact(BEGAN_US + 2_000, others)).toBe(true);
});

test("witnesses are asked in turn, each once in as many periods", () => {
  const isolation = new Isolation(3, timing, BEGAN_US);
  expect([1, 2, 3, 4, 5, 6].map(() => isolation.probe())).toEqual([1, 2, 0, 1, 2, 0]);
});

/** A server, and a clock that goes on in steps of a period, as its decisions do. */
class Story {
  nowUs = BEGAN_US;
  readonly isolation = new Isolation(1, timing, BEGAN_US);
  /** When it was cut off and when it took part again, from the beginning. */
  readonly changes: number[] = [];
  private wasCutOff = false;

  fly(ms: number, others: number, answers: boolean): boolean {
    for (let left = ms; left > 0; left -= 10) {
      this.nowUs += 10_000;
      if (answers) this.isolation.onWitness(this.nowUs);
      const isCutOff = this.isolation.isCutOff(this.nowUs, others);
      if (isCutOff !== this.wasCutOff) this.changes.push((this.nowUs - BEGAN_US) / 1000);
      this.wasCutOff = isCutOff;
    }
    return this.wasCutOff;
  }
}

test("a server that reaches no witness while another one does is cut off after its patience", () => {
  const story = new Story();
  story.fly(100, OTHERS_REACH, true);
  expect(story.isolation.dueUs(story.nowUs, OTHERS_REACH)).toBe(story.nowUs + PATIENCE_US);
  expect(story.fly(PATIENCE_US / 1000 - 10, OTHERS_REACH, false)).toBe(false);
  expect(story.fly(10, OTHERS_REACH, false)).toBe(true);
});

test("where no server reaches a witness, or none other can take functions, it stays", () => {
  for (const others of [NO_OTHER, OTHERS_BLIND])
    expect(new Story().fly(60_000, others, false)).toBe(false);
});

test("a witness that comes back, and answers another server first, moves nothing", () => {
  const story = new Story();
  story.fly(5_000, OTHERS_BLIND, false);
  expect(story.fly(PATIENCE_US / 1000, OTHERS_REACH, false)).toBe(false);
  expect(story.fly(10, OTHERS_BLIND, false)).toBe(false);
  expect(story.fly(PATIENCE_US / 1000, OTHERS_REACH, false)).toBe(false);
  expect(story.fly(10, OTHERS_REACH, false)).toBe(true);
});

test("it takes part again after it has reached a witness without a break for the pause", () => {
  const story = new Story();
  expect(story.fly(1_000, OTHERS_REACH, false)).toBe(true);
  expect(story.fly(900, OTHERS_REACH, true)).toBe(true);
  expect(story.fly(200, OTHERS_REACH, false)).toBe(true);
  expect(story.fly(PAUSE_US / 1000, OTHERS_REACH, true)).toBe(true);
  expect(story.fly(10, OTHERS_REACH, true)).toBe(false);
});

test("it takes part again at once when no other server is left to serve", () => {
  const story = new Story();
  expect(story.fly(1_000, OTHERS_REACH, false)).toBe(true);
  expect(story.fly(10, NO_OTHER, false)).toBe(false);
  const alone = new Story();
  expect(alone.fly(1_000, OTHERS_REACH, false)).toBe(true);
  expect(alone.fly(10, NOBODY_ELSE, true)).toBe(false);
});

test("a cable that comes and goes moves functions ever more seldom, and is forgiven later", () => {
  const story = new Story();
  for (let round = 0; round < 60; round++) {
    story.fly(2_000, OTHERS_REACH, true);
    story.fly(600, OTHERS_REACH, false);
  }
  expect(story.changes.length).toBeLessThan(12);
  story.fly(10 * CUT_OFF_PAUSE_MS_MAX, OTHERS_REACH, true);
  const before = story.changes.length;
  story.fly(600, OTHERS_REACH, false);
  story.fly(1_200, OTHERS_REACH, true);
  expect(story.changes.length).toBe(before + 2);
});

test("a link that was gone is no silence of the witness", () => {
  const story = new Story();
  story.isolation.setCarrier(false, story.nowUs);
  expect(story.fly(5_000, OTHERS_REACH, false)).toBe(true);
  story.isolation.setCarrier(true, story.nowUs);
  expect(story.fly(PATIENCE_US / 1000 - 10, OTHERS_REACH, false)).toBe(false);
});
