import { beforeEach, expect, test } from "bun:test";
import { EventQueue } from "../boundary/event-queue.ts";
import { LOG_VIP_FOREIGN, LOG_VIP_FOREIGN_GONE } from "../boundary/maintenance-code.ts";
import { FOREIGN_ADDRESSES_MAX, REPORTS_PER_TURN_MAX } from "../limits.ts";
import { encodeAddress, RTM_DELADDR, RTM_NEWADDR } from "../wire/rtnetlink.ts";
import { ForeignAddresses } from "./foreign-addresses.ts";
import { AF_INET } from "./libc.ts";
import { VipTable } from "./vip-table.ts";

const FUNCTIONS = FOREIGN_ADDRESSES_MAX + 40;
const OURS = RTM_NEWADDR;
/** What the kernel says of an address without a mark and without lifetimes. */
const THEIRS = RTM_DELADDR;

const bytes = new Uint8Array(new ArrayBuffer(256));
const view = new DataView(bytes.buffer);
let foreign: ForeignAddresses;
beforeEach(() => {
  const vips = Array.from({ length: FUNCTIONS }, (_, index) => [
    {
      text: "",
      family: 4 as const,
      address: Uint8Array.of(10, 44, index >> 8, index & 255),
      prefixLength: 16,
    },
  ]);
  foreign = new ForeignAddresses(new VipTable(vips));
});

function message(whose: number, index: number, link: number, prefixLength = 16): number {
  const address = Uint8Array.of(10, 44, index >> 8, index & 255);
  return encodeAddress(view, bytes, 0, whose, AF_INET, prefixLength, link, address, 0, 2);
}
const take = (...parts: Parameters<typeof message>) =>
  foreign.take(view, bytes, 0, message(...parts));
const takeGone = (...parts: Parameters<typeof message>) =>
  foreign.takeGone(view, bytes, 0, message(...parts));

function records(): number[][] {
  const events = new EventQueue();
  foreign.report(events);
  return Array.from({ length: events.count }, (_, at) => [
    events.index[at] as number,
    events.first[at] as number,
  ]);
}

test("one reported twice counts once; ours, and addresses that are no VIP, do not count", () => {
  take(THEIRS, 5, 7);
  take(THEIRS, 5, 7);
  take(OURS, 6, 7, 32);
  take(THEIRS, FUNCTIONS + 1, 7);
  expect(records()).toEqual([[LOG_VIP_FOREIGN, 5]]);
  expect(records()).toEqual([]);
  takeGone(THEIRS, 5, 8);
  takeGone(THEIRS, 5, 7, 24);
  expect(records()).toEqual([]);
  takeGone(THEIRS, 5, 7);
  expect(records()).toEqual([[LOG_VIP_FOREIGN_GONE, 5]]);
});

test("one that came and went between two reports is none; one that became ours is none", () => {
  take(THEIRS, 5, 7);
  takeGone(THEIRS, 5, 7);
  expect(records()).toEqual([]);
  take(THEIRS, 5, 7, 32);
  expect(records()).toEqual([[LOG_VIP_FOREIGN, 5]]);
  take(OURS, 5, 7, 32);
  expect(records()).toEqual([[LOG_VIP_FOREIGN_GONE, 5]]);
});

test("a dump shows what is there; only a complete one ends those that it has not shown", () => {
  for (const index of [1, 2, 3]) take(THEIRS, index, 7);
  records();
  foreign.beginDump();
  take(THEIRS, 2, 7);
  expect(records()).toEqual([]);
  foreign.beginDump();
  take(THEIRS, 2, 7);
  take(THEIRS, 4, 7);
  foreign.endDump();
  expect(records()).toEqual([
    [LOG_VIP_FOREIGN_GONE, 1],
    [LOG_VIP_FOREIGN_GONE, 3],
    [LOG_VIP_FOREIGN, 4],
  ]);
});

test("more than there is room for are looked up again when one goes; a turn reports a few", () => {
  for (let index = 0; index < FUNCTIONS; index++) take(THEIRS, index, 7);
  const named: number[][] = [];
  for (let found = records(); found.length > 0; found = records()) {
    expect(found.length).toBeLessThanOrEqual(REPORTS_PER_TURN_MAX);
    named.push(...found);
  }
  expect(named).toHaveLength(FOREIGN_ADDRESSES_MAX);
  expect(takeGone(THEIRS, FUNCTIONS - 1, 7)).toBe(false); // not known
  expect(takeGone(THEIRS, 0, 7)).toBe(true);
});
