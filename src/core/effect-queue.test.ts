import { expect, test } from "bun:test";
import { EFFECTS_MAX } from "../limits.ts";
import { EffectQueue } from "./effect-queue.ts";

test("effects come out in their order with all their values, also round the end of the ring", () => {
  const queue = new EffectQueue();
  let taken = 0;
  for (let pushed = 0; pushed < 3 * EFFECTS_MAX; pushed++) {
    queue.push(1 + (pushed % 9), pushed % 1024, pushed, -pushed);
    if (pushed % 6 === 0) continue; // the queue grows, but not beyond its size
    expect(queue.peek()).toBe(1 + (taken % 9));
    expect(queue.peekIndex()).toBe(taken % 1024);
    expect(queue.take()).toBe(true);
    expect([queue.kind, queue.index, queue.first, queue.second]).toEqual([
      1 + (taken % 9),
      taken % 1024,
      taken,
      taken === 0 ? 0 : -taken,
    ]);
    taken++;
  }
  expect(queue.count).toBe(3 * EFFECTS_MAX - taken);
});

test("an empty queue gives nothing, and a full one is a programmer's error", () => {
  const queue = new EffectQueue();
  expect(queue.peek()).toBe(0);
  expect(queue.take()).toBe(false);
  for (let i = 0; i < EFFECTS_MAX; i++) queue.push(1, 0, 0, 0);
  expect(() => queue.push(1, 0, 0, 0)).toThrow("effect queue");
});
