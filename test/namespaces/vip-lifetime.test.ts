/**
 * The lifetime of VIPs in the real kernel: they stay as long as they are renewed, and otherwise
 * expire. Renewals have enough time for a busy machine; expiry is waited for.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { LinkMonitor } from "../../src/io/link-monitor.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { AddressRenewal } from "../../src/upkeep/address-renewal.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork, vip } from "../harness/virtual-network.ts";

const VIPS = [
  ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"],
  ["10.44.1.2/16"],
  ["fd45:0:0:0:0:0:1:3/64"],
].map((texts) => texts.map(vip));
const OWN = ["10.44.0.1/16", "fd44::1/64"];
const UP = ["10.44.1.1/32", "10.44.1.2/32", "fd44::1:1/64", "fd45::1:3/64"];
const LIFETIME_S = 4;

let network: VirtualNetwork;
let host: Host;
let switcher: VipSwitcher;
let monitor: LinkMonitor;
beforeEach(() => {
  network = new VirtualNetwork();
  host = network.addHost("10.44.0.1/16", "fd44:0:0:0:0:0:0:1/64");
  switcher = host.inside(() => new VipSwitcher("eth0", VIPS, LIFETIME_S));
  monitor = host.inside(() => new LinkMonitor(["eth0"], VIPS));
});
afterEach(() => {
  switcher.close();
  monitor.close();
  network.close();
});

function addAll(): void {
  for (const index of VIPS.keys()) switcher.add(index);
  expect(host.inside(() => switcher.commit())).toBe(0);
}

/** Renews as the flight loop does for this number of seconds; returns the number of renewals. */
async function renewFor(seconds: number): Promise<number> {
  const renewal = new AddressRenewal(2);
  const endUs = nowUs() + seconds * 1_000_000;
  let count = 0;
  renewal.begin(nowUs(), 0);
  while (nowUs() < endUs) {
    renewal.begin(nowUs(), switcher.upCost);
    for (let next = renewal.next(switcher.up, switcher.cost); next >= 0; count++) {
      switcher.renew(next);
      next = renewal.next(switcher.up, switcher.cost);
    }
    if (switcher.queued > 0) switcher.commitRenewals();
    await Bun.sleep(10);
  }
  return count;
}

function readAll(): number {
  let changes = 0;
  for (let turn = 0; turn < 10; turn++) changes += monitor.poll();
  return changes;
}

test("renewed VIPs stay, and are no news; without renewal they go by themselves and are reported as removed", async () => {
  addAll();
  expect(switcher.upCost).toBe(2 + 2 * 8);
  await until("all are seen", () => {
    readAll();
    return VIPS.every((_, index) => monitor.present(index));
  });
  const count = await renewFor(LIFETIME_S + 2);
  expect(host.addresses()).toEqual([...OWN, ...UP].sort());
  expect(count).toBeGreaterThan(UP.length);
  expect(readAll()).toBe(0);
  expect(monitor.overflowed).toBe(false);
  expect([...monitor.removed.subarray(0, 3)]).toEqual([0, 0, 0]);
  // The kernel's entry for each: ours, never a source of the server's own traffic, with the
  // lifetime.
  const listing = host.ip("addr", "show", "dev", "eth0");
  expect(listing).toMatch(/inet 10\.44\.1\.1\/32 scope host deprecated dynamic/);
  expect(listing).toMatch(/inet6 fd44::1:1\/64 scope global nodad deprecated dynamic/);
  addAll(); // again: they are there, and with our mark
  expect([switcher.marksKept, ...switcher.foreign]).toEqual([true, 0, 0, 0, 0]);
  expect(host.ip("route", "get", "10.44.9.1")).toContain("src 10.44.0.1");
  expect(host.ip("-6", "route", "get", "fd44::9")).toContain("src fd44::1");

  await until("the kernel has deleted them", () => host.addresses().length === OWN.length);
  expect(host.addresses()).toEqual([...OWN].sort());
  expect(readAll()).toBeGreaterThan(0);
  expect([...monitor.removed.subarray(0, 3)]).toEqual([1, 1, 1]);
  expect(VIPS.map((_, index) => monitor.present(index))).toEqual([false, false, false]);
  // The server's own IPv6 subnet, which a VIP shared, did not expire with it.
  expect(host.ip("-6", "route", "show", "fd44::/64")).not.toContain("expires");
});

test("addresses taken down, refused or never added are not renewed", async () => {
  host.ip("addr", "add", "10.44.1.2/32", "dev", "eth0");
  for (const index of VIPS.keys()) switcher.add(index);
  expect(host.inside(() => switcher.commit())).toBe(1); // 10.44.1.2 is somebody else's
  expect([...switcher.up]).toEqual([1, 1, 0, 1]);
  switcher.remove(0);
  expect(host.inside(() => switcher.commit())).toBe(0);
  expect([...switcher.up]).toEqual([0, 0, 0, 1]);
  await renewFor(1);
  expect(host.addresses()).toEqual([...OWN, "10.44.1.2/32", "fd45::1:3/64"].sort());
  expect(host.ip("addr", "show", "dev", "eth0", "to", "10.44.1.2")).toContain("valid_lft forever");
  host.ip("link", "del", "eth0");
  host.ip("link", "add", "eth0", "type", "veth", "peer", "name", "peer0");
  // on an interface that is gone: nothing is set again on the next one
  expect(await renewFor(1)).toBe(1);
  expect(host.addresses()).toEqual([]);
});
