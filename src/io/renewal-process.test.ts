import { afterEach, beforeEach, expect, test } from "bun:test";
import { socketPair } from "./control-socket.ts";
import { libc, MSG_DONTWAIT } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { RENEWAL_REQUEST_BYTES_MAX, RenewalProcess } from "./renewal-process.ts";

const memory = new NativeMemory(RENEWAL_REQUEST_BYTES_MAX);
let renewals: RenewalProcess;
let other: number;
beforeEach(() => {
  const [ours, theirs] = socketPair();
  renewals = new RenewalProcess(ours);
  other = theirs;
});
afterEach(() => {
  libc.close(renewals.fd);
  if (other >= 0) libc.close(other);
});

const says = (): number => libc.send(other, memory.address, 1, 0);
function isAsked(): number[] {
  const length = libc.recv(other, memory.address, RENEWAL_REQUEST_BYTES_MAX, MSG_DONTWAIT);
  const count = length < 0 ? 0 : memory.view.getUint16(0, true);
  return Array.from({ length: count }, (_, at) => memory.view.getUint16(2 + 2 * at, true));
}

test("one batch at a time, from its hello on", () => {
  expect([renewals.take(), renewals.hasBegun]).toEqual([0, false]);
  says();
  expect([renewals.take(), renewals.hasBegun]).toEqual([0, true]);
  for (const vip of [3, 700]) renewals.add(vip);
  renewals.send();
  expect([isAsked(), renewals.isBusy, renewals.take()]).toEqual([[3, 700], true, 0]);
  says();
  expect([renewals.take(), renewals.isBusy, renewals.hasEnded]).toEqual([2, false, false]);
});

test("a removal waits for what is on its way, and for nothing else", () => {
  says();
  renewals.take();
  renewals.settle();
  renewals.add(1);
  renewals.send();
  says();
  renewals.settle();
  expect([renewals.isBusy, renewals.count, renewals.hasEnded]).toEqual([false, 0, false]);
});

test("its end is noticed, whatever is on its way", () => {
  says();
  renewals.take();
  renewals.add(1);
  renewals.send();
  libc.close(other);
  other = -1;
  renewals.settle();
  expect([renewals.hasEnded, renewals.count]).toEqual([true, 0]);
});

test("the lock is asked for once, and free for a moment after an answer", () => {
  expect(renewals.isLockFree()).toBe(true); // nobody knows yet
  says();
  renewals.take();
  expect(renewals.isLockFree()).toBe(true);
  Bun.sleepSync(5);
  expect([renewals.isLockFree(), renewals.isLockFree()]).toEqual([false, false]);
  expect([isAsked(), renewals.isBusy]).toEqual([[], true]);
  says();
  expect([renewals.isLockFree(), renewals.isBusy]).toEqual([true, false]);
});

test("the lock is asked for ahead, once, and what was known just before holds meanwhile", () => {
  renewals.askAhead();
  expect(renewals.isBusy).toBe(false); // before its hello
  says();
  renewals.take();
  renewals.askAhead();
  expect([isAsked(), renewals.isBusy, renewals.isLockFree()]).toEqual([[], true, true]);
  renewals.askAhead();
  expect(libc.recv(other, memory.address, 1, MSG_DONTWAIT)).toBe(-1);
  Bun.sleepSync(5);
  expect(renewals.isLockFree()).toBe(false);
  says();
  expect([renewals.isLockFree(), renewals.isBusy]).toEqual([true, false]);
});

test("renewals that are on their way keep the lock busy", () => {
  says();
  renewals.take();
  renewals.add(1);
  renewals.send();
  expect(renewals.isLockFree()).toBe(false);
  says();
  expect(renewals.isLockFree()).toBe(true);
});

test("one that has ended blocks nothing", () => {
  says();
  renewals.take();
  libc.close(other);
  other = -1;
  Bun.sleepSync(5);
  expect([renewals.isLockFree(), renewals.hasEnded]).toEqual([true, true]);
});
