import { expect, test } from "bun:test";
import { EVENTS_MAX } from "../limits.ts";
import { EVENT_KEEP_ALIVE, EVENT_VIP_FAILED, EventQueue } from "./event-queue.ts";

test("takes EVENTS_MAX events with their values and refuses the next", () => {
  const queue = new EventQueue();
  for (let slot = 0; slot < EVENTS_MAX; slot++) {
    expect(queue.isFull()).toBe(false);
    expect(queue.push(EVENT_VIP_FAILED, slot, -slot, 7 - slot)).toBe(true);
  }
  expect(queue.isFull()).toBe(true);
  expect(queue.push(EVENT_VIP_FAILED, 0, 0)).toBe(false);
  expect(queue.count).toBe(EVENTS_MAX);
  expect([queue.kind[5], queue.index[5], queue.first[5], queue.second[5]]).toEqual([
    EVENT_VIP_FAILED,
    5,
    -5,
    2,
  ]);
  queue.clear();
  expect(queue.count).toBe(0);
  expect(queue.push(EVENT_KEEP_ALIVE, 0, 1)).toBe(true);
  expect(queue.second[0]).toBe(0);
});

test("every slot has a message of its own", () => {
  const queue = new EventQueue();
  const messages = new Set(Array.from({ length: EVENTS_MAX }, (_, slot) => queue.message(slot)));
  expect(messages.size).toBe(EVENTS_MAX);
});
