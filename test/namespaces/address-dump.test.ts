/**
 * Dumps of a real kernel that are longer than one datagram: addresses change while they are made,
 * they break off, and come too late.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { ABSENT, AddressDump, OURS } from "../../src/io/address-dump.ts";
import { EAGAIN, ENOBUFS, ETIMEDOUT } from "../../src/io/errno.ts";
import { removeMarkedAddresses } from "../../src/io/leftovers.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { requireInterface } from "../../src/io/network-interface.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { VipTable } from "../../src/io/vip-table.ts";
import { NETLINK_ROUTE, RTM_GETADDR } from "../../src/wire/rtnetlink.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";
import { Losses } from "./lossy-netlink.ts";

const COUNT = 1000;
const VIPS = Array.from({ length: COUNT }, (_, index) => [
  vip(`10.44.${index >> 8}.${index & 255}/16`),
]);

let network: VirtualNetwork;
let host: Host;
let switcher: VipSwitcher;
let netlink: NetlinkSocket;
let losses: Losses;
let dump: AddressDump;
let interfaceIndex: number;
beforeAll(() => {
  network = new VirtualNetwork();
  host = network.addHost();
  [switcher, netlink, interfaceIndex] = host.inside(() => [
    new VipSwitcher("eth0", VIPS),
    new NetlinkSocket(NETLINK_ROUTE, 0, 1024 * 1024),
    requireInterface("eth0"),
  ]);
  losses = new Losses(netlink);
  dump = new AddressDump(netlink, new VipTable(VIPS));
});
afterAll(() => {
  switcher.close();
  netlink.close();
  network.close();
});

/** All of them are up. */
beforeEach(() => {
  for (let index = 0; index < COUNT; index++) {
    if (!switcher.fits(index)) expect(switcher.commit()).toBe(0);
    switcher.add(index);
  }
  expect(switcher.commit()).toBe(0);
  losses.sent.length = 0;
  losses.lose(0);
});

const takeDown = (index: number): void => {
  switcher.remove(index);
  expect(switcher.commit()).toBe(0);
};
const look = (): number => dump.look(interfaceIndex);
/** Those that are not there, by the last look. */
const absent = (): number[] =>
  VIPS.flatMap((_, index) => {
    expect([ABSENT, OURS]).toContain(dump.state[index]);
    return dump.state[index] === ABSENT ? [index] : [];
  });

test("an address that goes during a dump: the dump is repeated, and the earlier part is dropped", () => {
  losses.interrupt(1, () => {
    takeDown(0); // it was in the first datagram
    return undefined;
  });
  expect(look()).toBe(0);
  expect(losses.sent).toEqual([RTM_GETADDR, RTM_GETADDR]);
  expect(absent()).toEqual([0]);
});

test("what an earlier run left, and addresses that go while it is looked for: each is counted once", () => {
  losses.interrupt(1, () => {
    takeDown(0); // it was in the first datagram
    return undefined;
  });
  expect(removeMarkedAddresses(netlink)).toBe(COUNT - 1);
  expect(host.addresses()).toEqual([]);
});

test("addresses that change during every dump: given up after some, and right when they no longer do", () => {
  const gone: number[] = [];
  const change = (): undefined => {
    takeDown(gone.length);
    gone.push(gone.length);
    losses.interrupt(1, change); // again with the next datagram
  };
  losses.interrupt(1, change);
  expect(look()).toBe(EAGAIN);
  expect(losses.sent).toEqual(Array(4).fill(RTM_GETADDR));
  losses.interrupt(Number.POSITIVE_INFINITY, () => undefined);
  expect(look()).toBe(0);
  expect(absent()).toEqual(gone);
});

test("an aborted dump is reported, and the next one is complete", () => {
  takeDown(7);
  losses.interrupt(1, () => -ENOBUFS);
  expect(look()).toBe(ENOBUFS);
  for (let round = 0; round < 3; round++) {
    expect(look()).toBe(0);
    expect(absent()).toEqual([7]);
  }
});

test("a dump that comes too late is none of the next one", () => {
  const late = losses.delay();
  expect(look()).toBe(ETIMEDOUT);
  for (const index of [0, 1, 999]) takeDown(index);
  late();
  expect(look()).toBe(0);
  expect(absent()).toEqual([0, 1, 999]);
});
