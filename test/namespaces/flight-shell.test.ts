/**
 * The flight loop's shell on the real kernel: failures of the kernel, and stalls in the middle of a
 * turn, are noticed, and heal or end as they must.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  LOG_LEASE_HELD_UP,
  LOG_LEASE_LOST,
  LOG_STALLED,
  LOG_VIP_FAILED,
  LOG_VIP_FOREIGN,
  LOG_VIP_FOREIGN_GONE,
  LOG_VIP_REMOVED,
} from "../../src/boundary/maintenance-code.ts";
import {
  BEGIN,
  ENDED_LET_GO,
  ENDED_SUPERVISOR_GONE,
  GOES_ON,
  RENEW_ADDRESSES,
} from "../../src/core/turn.ts";
import { ETIME, ETIMEDOUT } from "../../src/io/errno.ts";
import { CONTROL_DRAIN, CONTROL_RESUME, NO_INDEX } from "../../src/wire/control.ts";
import { NETLINK_ROUTE, RTM_DELADDR, RTM_DELROUTE, RTM_NEWADDR } from "../../src/wire/rtnetlink.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";
import { DETECTION_MS, LoneServer } from "./lone-server.ts";
import { fillReceiveBuffer, netlinkOf } from "./lossy-netlink.ts";

const OWN = ["10.44.0.1/16", "fd44::1/64"];
const VIPS = [["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"], ["10.44.1.2/16"], ["10.45.1.3/16"]].map(
  (texts) => texts.map(vip),
);
const UP = ["10.44.1.1/32", "10.44.1.2/32", "10.45.1.3/32", "fd44::1:1/64"];

let network: VirtualNetwork;
let host: Host;
let server: LoneServer;
beforeEach(() => {
  network = new VirtualNetwork();
  host = network.addHost("10.44.0.1/16", "fd44:0:0:0:0:0:0:1/64");
  server = new LoneServer(host, VIPS).begin();
  expect(vips()).toEqual(UP);
  expect(server.records().map(([code]) => code)).not.toContain(LOG_VIP_FAILED);
});
afterEach(() => {
  server.close();
  network.close();
});

const vips = (): string[] => host.addresses().filter((address) => !OWN.includes(address));
const routes = (): string[] =>
  host
    .ip("route", "show", "proto", "0x57")
    .split("\n")
    .flatMap((line) => line.split(" ")[0] || [])
    .sort();

describe("answers of the kernel that are lost", () => {
  test("while everything is released and taken again: it heals by itself, and nothing is recorded", () => {
    server.send(CONTROL_DRAIN, NO_INDEX);
    server.addressLosses.lose(3);
    server.flyUntil("drained", () => server.engine.handover.busy === 0);
    const { lost } = server.addressLosses;
    expect(lost).toBeGreaterThanOrEqual(3);
    expect(vips()).toEqual([]);
    server.send(CONTROL_RESUME, NO_INDEX);
    server.addressLosses.lose(3);
    server.flyUntil("everything is up again", () => server.isAllUp());
    expect(server.addressLosses.lost).toBeGreaterThanOrEqual(lost + 3);
    expect(vips()).toEqual(UP);
    expect(server.records().map(([code]) => code)).not.toContain(LOG_VIP_FAILED);
  });

  test("all of them, while a VIP is put back: the function fails here, and its addresses go", () => {
    host.ip("addr", "del", "10.44.1.1/32", "dev", "eth0");
    server.addressLosses.lose(Number.POSITIVE_INFINITY);
    server.flyUntil("it is given up", () => server.engine.handover.failed[0] === 1);
    server.addressLosses.lose(0);
    server.flyUntil("it is let go", () => server.engine.handover.busy === 2);
    expect(vips()).toEqual(["10.44.1.2/32", "10.45.1.3/32"]);
    expect(server.records()).toContainEqual([LOG_VIP_FAILED, 0, ETIMEDOUT]);
    expect([server.isUp(1), server.isUp(2)]).toEqual([true, true]);
  });

  test("of renewals: they are asked again", () => {
    const from = server.addressLosses.sent.length;
    const renewals = (): number[] => server.addressLosses.sent.slice(from);
    server.addressLosses.lose(2);
    server.flyUntil("some rounds", () => renewals().length === 5);
    expect(renewals()).toEqual(Array(5).fill(RTM_NEWADDR));
    expect(server.isAllUp()).toBe(true);
    expect(vips()).toEqual(UP);
  });

  for (const looks of [0, 1]) {
    const failing = looks === 0 ? "" : ", though the first look at what is there fails";
    test(`of the kernel's address messages: addresses removed meanwhile are put back${failing}`, () => {
      const netlink = netlinkOf(server.links, "notifications");
      const end = host.inside(() => fillReceiveBuffer(netlink, NETLINK_ROUTE));
      host.ip("addr", "del", "fd44::1:1/64", "dev", "eth0");
      host.ip("addr", "del", "10.44.1.2/32", "dev", "eth0");
      host.ip("addr", "add", "10.44.1.2/24", "dev", "eth0"); // somebody's, beside
      end();
      server.lookLosses.lose(looks);
      server.fly(1);
      expect(server.links.overflowed).toBe(looks > 0);
      server.flyUntil("all is known", () => !server.links.overflowed);
      server.flyUntil("all is up", () => server.isAllUp() && vips().length === UP.length + 1);
      expect(vips()).toEqual([...UP, "10.44.1.2/24"].sort());
      // else the renewal of their lifetimes has put them back
      if (looks > 0) return;
      expect(server.records()).toEqual([
        [LOG_VIP_FOREIGN, 1, 0],
        [LOG_VIP_REMOVED, 0, 0],
        [LOG_VIP_REMOVED, 1, 0],
      ]);
    });
  }
});

test("an address removed by hand is put back, beside somebody's of another prefix length, too", () => {
  host.ip("addr", "add", "10.44.1.1/24", "dev", "eth0");
  server.fly(5);
  expect(server.records()).toEqual([[LOG_VIP_FOREIGN, 0, 0]]);
  host.ip("addr", "del", "10.44.1.1/32", "dev", "eth0");
  server.flyUntil("it is back", () => host.addresses().includes("10.44.1.1/32"));
  server.fly(2);
  expect(server.records()).toEqual([[LOG_VIP_REMOVED, 0, 0]]);
  expect(vips()).toEqual([...UP, "10.44.1.1/24"].sort());
  host.ip("addr", "del", "10.44.1.1/24", "dev", "eth0");
  server.fly(20);
  expect(server.records()).toEqual([[LOG_VIP_FOREIGN_GONE, 0, 0]]);
  expect(vips()).toEqual(UP);
});

describe("the link has come back", () => {
  test("routes and IPv6 addresses that the kernel dropped with it are there again", () => {
    expect(routes()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
    host.ip("link", "set", "eth0", "down");
    server.flyUntil("it is seen", () => !server.links.carrier(0));
    expect(routes()).toEqual([]);
    host.ip("link", "set", "eth0", "up");
    host.ip("link", "show", "dev", "eth0"); // the kernel tells of it now, and not within a second
    server.flyUntil("it is up again", () => server.links.carrier(0) && server.isAllUp());
    server.fly(20);
    expect(routes()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
    expect(vips()).toEqual(UP);
    expect(server.turn.ended).toBe(GOES_ON);
  });

  for (const isReported of [true, false]) {
    test(`before the state was read, ${isReported ? "" : "not "}reported: the same`, () => {
      const netlink = netlinkOf(server.links, "notifications");
      const end = isReported
        ? () => {}
        : host.inside(() => fillReceiveBuffer(netlink, NETLINK_ROUTE));
      host.ip("link", "set", "eth0", "down");
      host.ip("link", "set", "eth0", "up");
      host.ip("link", "show", "dev", "eth0"); // the kernel tells of it now, and not within a second
      end();
      expect(routes()).toEqual([]);
      server.flyUntil("it is up again", () => server.links.carrier(0) && server.isAllUp());
      server.flyUntil("routes are there again", () => routes().length === 2);
      expect(routes()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
      expect(vips()).toEqual(UP);
      expect(server.turn.ended).toBe(GOES_ON);
    });
  }
});

describe("a loop that stood still", () => {
  const LIFETIME_S = 2;
  const addressesSent = (): number => server.addressLosses.sent.length;
  /** Requests to the kernel about addresses from sending `from` on. */
  const sentSince = (from: number): number[] => server.addressLosses.sent.slice(from);
  /** One batch takes the VIPs, and two requests the routes. */
  const LETTING_GO = [RTM_DELADDR, RTM_DELROUTE, RTM_DELROUTE];
  /** The kernel deletes every VIP, because none is renewed. */
  function addressesExpire(): void {
    for (let round = 0; round < 300 && vips().length > 0; round++) Bun.sleepSync(100);
    expect(vips()).toEqual([]);
    server.pass(LIFETIME_S * 1000);
  }

  test("for the detection time: it releases everything before anything else", () => {
    server.flyUpTo(BEGIN);
    const from = addressesSent();
    server.pass(DETECTION_MS);
    server.flyOn();
    expect(server.turn.ended).toBe(ENDED_LET_GO);
    expect(vips()).toEqual([]);
    expect(sentSince(from)).toEqual(LETTING_GO);
    expect(server.records().map(([code]) => code)).toContain(LOG_STALLED);
  });

  describe("for longer than addresses live", () => {
    beforeEach(() => {
      server.close();
      server = new LoneServer(host, VIPS, { lifetimeS: LIFETIME_S }).begin();
    });

    test("those that the kernel deleted are not set again", () => {
      server.flyUpTo(BEGIN);
      const from = addressesSent();
      addressesExpire();
      server.flyOn();
      expect(server.turn.ended).toBe(ENDED_LET_GO);
      expect(sentSince(from)).toEqual(LETTING_GO);
    });

    test("just before it renews lifetimes: it does not renew, and releases in the next turn", () => {
      server.pass(DETECTION_MS / 2); // some are due
      server.flyUpTo(RENEW_ADDRESSES);
      const from = addressesSent();
      addressesExpire();
      server.flyOn();
      expect(server.turn.ended).toBe(GOES_ON);
      expect(sentSince(from)).toEqual([]);
      server.flyOn();
      expect(server.turn.ended).toBe(ENDED_LET_GO);
      expect(sentSince(from)).toEqual(LETTING_GO);
      expect(vips()).toEqual([]);
    });

    test("inside the call that renews lifetimes: addresses set again by it go in the next turn", () => {
      const from = addressesSent();
      server.addressLosses.whileSending(addressesExpire);
      server.flyUntil("the renewal", () => addressesSent() > from);
      expect(sentSince(from)).toEqual([RTM_NEWADDR]);
      expect(vips().length).toBeGreaterThan(0); // Linux has no renewal that makes nothing anew
      server.flyOn();
      expect(server.turn.ended).toBe(ENDED_LET_GO);
      expect(vips()).toEqual([]);
    });
  });
});

test("a renewal of the lease that stalls inside its call: everything is released at once", () => {
  // which may happen by itself, while this process or another one's rules keep the processor
  for (let attempt = 1; ; attempt++) {
    server.close();
    server = new LoneServer(host, VIPS, { withLease: true });
    try {
      server.begin();
      if (!server.records().some(([code]) => code === LOG_LEASE_HELD_UP) || attempt === 10) break;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
  server.leaseLosses.whileSending(() => Bun.sleepSync(100));
  server.flyUntil("the end", () => server.turn.ended !== GOES_ON);
  expect(server.turn.ended).toBe(ENDED_LET_GO);
  expect(server.records()).toContainEqual([LOG_LEASE_LOST, ETIME, 0]);
  expect(vips()).toEqual([]);
});

test("a supervisor that is gone: VIPs are gone with it", () => {
  server.closeSupervisor();
  server.flyUntil("the end", () => server.turn.ended !== GOES_ON);
  expect(server.turn.ended).toBe(ENDED_SUPERVISOR_GONE);
  expect(vips()).toEqual([]);
});
