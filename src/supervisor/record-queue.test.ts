import { expect, test } from "bun:test";
import { RecordQueue } from "./record-queue.ts";

const LOST = 421;

/** Hands out everything, and gives it as `number:code first second @time`. */
function takeAll(queue: RecordQueue): string[] {
  const taken: string[] = [];
  while (queue.hasNext) {
    taken.push(
      `${queue.nextDelivery}:${queue.nextCode} ${queue.nextFirst} ${queue.nextSecond} @${queue.nextBootUs}`,
    );
    queue.take();
  }
  return taken;
}

test("records are numbered from 1 and handed out once, in order", () => {
  const queue = new RecordQueue(4, LOST);
  queue.push(111, 1, -2, 10);
  queue.push(200, 3, 4, 20);
  expect(takeAll(queue)).toEqual(["1:111 1 -2 @10", "2:200 3 4 @20"]);
  expect(queue.hasNext).toBe(false);
  queue.push(201, 0, 0, 2 ** 45);
  expect(takeAll(queue)).toEqual([`3:201 0 0 @${2 ** 45}`]);
  expect([queue.count, queue.sent]).toEqual([3, 3]);
});

test("acknowledged records are forgotten; the others are handed to the next process again", () => {
  const queue = new RecordQueue(4, LOST);
  for (let first = 1; first <= 4; first++) queue.push(111, first, 0, first);
  queue.take();
  queue.take();
  queue.take();
  queue.acknowledge(2, 5);
  expect([queue.count, queue.sent]).toEqual([2, 1]);
  queue.resend();
  expect(takeAll(queue)).toEqual(["3:111 3 0 @3", "4:111 4 0 @4"]);
  queue.acknowledge(4, 6);
  expect(queue.count).toBe(0);
  queue.resend();
  expect(takeAll(queue)).toEqual([]);
  queue.push(111, 5, 0, 7);
  expect(takeAll(queue)).toEqual(["5:111 5 0 @7"]);
});

test("acknowledged twice, or never handed out: no record is lost by it", () => {
  const queue = new RecordQueue(4, LOST);
  for (let first = 1; first <= 3; first++) queue.push(111, first, 0, first);
  queue.take();
  queue.take();
  queue.acknowledge(1, 4);
  queue.acknowledge(1, 4);
  queue.acknowledge(0, 4);
  expect([queue.count, queue.sent]).toEqual([2, 1]);
  queue.acknowledge(0xffffffff, 4);
  expect([queue.count, queue.sent]).toEqual([1, 0]);
  expect(takeAll(queue)).toEqual(["3:111 3 0 @3"]);
});

test("a full queue drops new records, and reports their number in their place", () => {
  const queue = new RecordQueue(2, LOST);
  for (let first = 1; first <= 5; first++) queue.push(111, first, 0, first);
  expect(queue.dropped).toBe(3);
  expect(takeAll(queue)).toEqual(["1:111 1 0 @1", "2:111 2 0 @2"]);
  queue.acknowledge(1, 9);
  expect(queue.dropped).toBe(0);
  queue.push(111, 6, 0, 10); // no room beside the count
  expect(takeAll(queue)).toEqual([`3:${LOST} 3 0 @9`]);
  queue.acknowledge(3, 11);
  queue.push(111, 7, 0, 12);
  expect(takeAll(queue)).toEqual([`4:${LOST} 1 0 @11`, "5:111 7 0 @12"]);
});

test("any order of calls: every record arrives exactly once and in order, or is counted", () => {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const queue = new RecordQueue(7, LOST);
  /** By delivery number, as the disk of the other side has them. */
  const stored = new Map<number, readonly [code: number, first: number]>();
  let pushed = 0;
  let durable = 0;
  const turn = (choice: number): void => {
    if (choice < 5) queue.push(111, ++pushed, 0, pushed);
    else if (choice < 8 && queue.hasNext) {
      const known = stored.get(queue.nextDelivery);
      if (known !== undefined) expect([queue.nextCode, queue.nextFirst]).toEqual([...known]);
      stored.set(queue.nextDelivery, [queue.nextCode, queue.nextFirst]);
      durable = Math.max(durable, queue.nextDelivery);
      queue.take();
    } else if (choice === 8) queue.acknowledge(durable, pushed);
    else if (choice === 9) queue.resend();
  };
  for (let count = 0; count < 20_000; count++) turn(random(10));
  for (let count = 0; count < 100; count++) turn(6 + 2 * (count % 2));
  let next = 1;
  for (let delivery = 1; delivery <= stored.size; delivery++) {
    const [code, first] = stored.get(delivery) as readonly [number, number];
    if (code === LOST) next += first;
    else expect(first).toBe(next++);
  }
  expect(next).toBe(pushed + 1);
  expect(pushed).toBeGreaterThan(9000);
});
