import { afterEach, beforeEach, expect, test } from "bun:test";
import { socketPair } from "./control-socket.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import {
  RENEWAL_REPORT_BYTES,
  RENEWAL_REQUEST_BYTES_MAX,
  RenewalProcess,
} from "./renewal-process.ts";

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
  const length = libc.recv(other, memory.address, RENEWAL_REQUEST_BYTES_MAX, 0x40);
  const count = length < 0 ? 0 : memory.view.getUint16(0, true);
  return Array.from({ length: count }, (_, at) => memory.view.getUint16(2 + 2 * at, true));
}

test("one batch at a time, from its hello on", () => {
  expect([renewals.take(), renewals.isFree]).toEqual([0, false]);
  says();
  expect([renewals.take(), renewals.isFree]).toEqual([0, true]);
  for (const vip of [3, 700]) renewals.add(vip);
  renewals.send();
  expect([isAsked(), renewals.isFree, renewals.take()]).toEqual([[3, 700], false, 0]);
  says();
  expect([renewals.take(), renewals.isFree, renewals.hasEnded]).toEqual([2, true, false]);
});

test("a removal waits for what is on its way, and for nothing else", () => {
  says();
  renewals.take();
  renewals.settle();
  renewals.add(1);
  renewals.send();
  says();
  renewals.settle();
  expect([renewals.isFree, renewals.count, renewals.hasEnded]).toEqual([true, 0, false]);
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

const reports = (code: number, value: number): number => {
  memory.view.setUint32(0, code, true);
  memory.view.setUint32(4, value, true);
  return libc.send(other, memory.address, RENEWAL_REPORT_BYTES, 0);
};

test("what it reports is no answer, waits to be taken, and is lost beyond what there is room for", () => {
  reports(310, 77);
  expect([renewals.take(), renewals.isFree, renewals.reportCount]).toEqual([0, false, 1]);
  expect([renewals.reportCodes[0], renewals.reportValues[0]]).toEqual([310, 77]);
  reports(311, 0);
  says();
  expect([renewals.take(), renewals.isFree, renewals.reportCount]).toEqual([0, true, 2]);
  for (let more = 0; more < 20; more++) reports(312, more);
  while (renewals.reportValues[7] === 0) renewals.take();
  expect([renewals.reportCount, renewals.reportValues[7], renewals.hasEnded]).toEqual([
    8,
    5,
    false,
  ]);
});

test("a removal waits for the answer, whatever is reported before it", () => {
  says();
  renewals.take();
  renewals.add(1);
  renewals.send();
  reports(310, 77);
  says();
  renewals.settle();
  expect([renewals.count, renewals.hasEnded, renewals.reportCount]).toEqual([0, false, 1]);
});
