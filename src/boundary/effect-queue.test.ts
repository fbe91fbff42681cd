import { expect, test } from "bun:test";
import { EFFECTS_MAX } from "../limits.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PHASE,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  EffectQueue,
} from "./effect-queue.ts";

test("letting go comes first, then taking up, then everything else, each in its order", () => {
  const queue = new EffectQueue();
  const pushed = [
    EFFECT_LOG,
    EFFECT_VIP_ADD,
    EFFECT_NOTICE,
    EFFECT_NOTICE_STOPPING,
    EFFECT_VIP_REMOVE,
    EFFECT_ANNOUNCE,
  ];
  for (const kind of [...pushed, EFFECT_PHASE]) queue.push(kind, 0, 0, 0);
  expect([queue.count, queue.urgentCount]).toEqual([7, 4]);
  const kinds: number[] = [];
  while (queue.take()) kinds.push(queue.kind);
  const urgent = [EFFECT_NOTICE_STOPPING, EFFECT_VIP_REMOVE, EFFECT_VIP_ADD, EFFECT_ANNOUNCE];
  expect(kinds).toEqual([...urgent, EFFECT_LOG, EFFECT_NOTICE, EFFECT_PHASE]);
});

test.each([
  ["VIPs", EFFECT_VIP_ADD],
  ["others", EFFECT_LOG],
])(
  "%s come out in their order with all their values, also round the end of the ring",
  (_, kind) => {
    const queue = new EffectQueue();
    let taken = 0;
    for (let pushed = 0; pushed < 3 * EFFECTS_MAX; pushed++) {
      queue.push(kind, pushed % 1024, pushed, -pushed);
      if (pushed % 6 === 0) continue; // the queue grows, but not beyond its size
      expect(queue.peek()).toBe(kind);
      expect(queue.peekIndex()).toBe(taken % 1024);
      expect(queue.take()).toBe(true);
      expect([queue.kind, queue.index, queue.first, queue.second]).toEqual([
        kind,
        taken % 1024,
        taken,
        taken === 0 ? 0 : -taken,
      ]);
      taken++;
    }
    expect(queue.count).toBe(3 * EFFECTS_MAX - taken);
  },
);

test("an empty queue gives nothing, and a full one is a programmer's error", () => {
  const queue = new EffectQueue();
  expect(queue.peek()).toBe(0);
  expect(queue.take()).toBe(false);
  for (let i = 0; i < EFFECTS_MAX; i++) queue.push(1, 0, 0, 0);
  expect(() => queue.push(1, 0, 0, 0)).toThrow("effect queue");
});

test("what moves no VIP can be taken while VIPs wait", () => {
  const queue = new EffectQueue();
  queue.push(EFFECT_VIP_ADD, 1, 0, 0);
  queue.push(EFFECT_LOG, 2, 0, 0);
  expect(queue.takeOther()).toBe(true);
  expect([queue.kind, queue.index]).toEqual([EFFECT_LOG, 2]);
  expect(queue.takeOther()).toBe(false);
  expect(queue.urgentCount).toBe(1);
});
