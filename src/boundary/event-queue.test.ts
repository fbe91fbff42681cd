import { expect, test } from "bun:test";
import { EVENTS_MAX, NETWORKS_MAX, RECEIVES_PER_TURN_MAX } from "../limits.ts";
import { KeepAliveMessage } from "../wire/keep-alive.ts";
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

test("every datagram has its own message, and one that is handed on is replaced", () => {
  const queue = new EventQueue();
  const messages = new Set<object>();
  for (let network = 0; queue.takesMessage(); network = 1 - network) {
    queue.push(EVENT_VIP_FAILED, 0, 0); // other events lie between them
    if (!queue.takesMessage()) break;
    const message = queue.nextMessage();
    messages.add(message);
    expect(queue.pushMessage(network)).toBe(true);
    expect(queue.message(queue.count - 1)).toBe(message);
    expect(queue.first[queue.count - 1]).toBe(network);
  }
  expect(messages.size).toBe(Math.min(EVENTS_MAX / 2, RECEIVES_PER_TURN_MAX * NETWORKS_MAX));
  const ours = new KeepAliveMessage();
  const given = queue.exchange(1, ours);
  expect(messages.has(given)).toBe(true);
  expect(queue.message(1)).toBe(ours);
});
