import { expect, test } from "bun:test";
import { ASK_BROADCAST, ASK_NONE, ASK_UNICAST, WitnessPoll } from "./witness-poll.ts";

const PERIOD_US = 20_000;

/** What is asked in each of `periods` periods from `atUs` on. */
const asked = (poll: WitnessPoll, periods: number, atUs: number): number[] =>
  Array.from({ length: periods }, (_, period) => poll.ask(atUs + period * PERIOD_US));

test("one that never answered is asked by broadcast, at most ten times a second", () => {
  const poll = new WitnessPoll();
  expect(asked(poll, 11, 1_000_000)).toEqual([
    ...[ASK_BROADCAST, ASK_NONE, ASK_NONE, ASK_NONE, ASK_NONE],
    ...[ASK_BROADCAST, ASK_NONE, ASK_NONE, ASK_NONE, ASK_NONE],
    ASK_BROADCAST,
  ]);
});

test("one that answers is asked alone, and by broadcast again 100 ms after its last answer", () => {
  const poll = new WitnessPoll();
  expect(poll.ask(1_000_000)).toBe(ASK_BROADCAST);
  poll.onAnswer(1_010_000);
  expect(asked(poll, 5, 1_020_000)).toEqual([
    ASK_UNICAST,
    ASK_UNICAST,
    ASK_UNICAST,
    ASK_UNICAST,
    ASK_UNICAST,
  ]); // the last after 90 ms
  expect(poll.ask(1_110_000)).toBe(ASK_BROADCAST);
  poll.onAnswer(1_115_000);
  expect(poll.ask(1_120_000)).toBe(ASK_UNICAST);
});

test("with long periods two questions stay unanswered before a broadcast", () => {
  const poll = new WitnessPoll();
  poll.onAnswer(1_000_000);
  expect([2, 3, 4, 5].map((second) => poll.ask(second * 1_000_000))).toEqual([
    ASK_UNICAST,
    ASK_UNICAST,
    ASK_BROADCAST,
    ASK_BROADCAST,
  ]);
});
