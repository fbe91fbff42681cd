/**
 * The ways to the seats of VIPs against the real kernel, and what is left when an interface goes.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { EVENT_RECORD, EventQueue } from "../../src/boundary/event-queue.ts";
import { LOG_ROUTE_PUT_BACK } from "../../src/boundary/maintenance-code.ts";
import { ENODEV, ETIMEDOUT } from "../../src/io/errno.ts";
import { VipSwitcher } from "../../src/io/vip-switcher.ts";
import { until } from "../harness/until.ts";
import { vip } from "../harness/virtual-network.ts";
import { Losses, netlinkOf } from "./lossy-netlink.ts";
import {
  add,
  answers,
  network,
  remove,
  switcherOn,
  switchers,
  useSwitcherBench,
} from "./switcher-bench.ts";

useSwitcherBench();

describe("seats reach a VIP", () => {
  for (const own of [[], ["10.44.0.1/16", "fd44:0:0:0:0:0:0:9/64"]]) {
    test(`${own.length === 0 ? "although the server has no" : "when the server has an"} own address in their subnet`, async () => {
      const server = network.addHost(...own);
      const seat = network.addHost("10.44.200.7/16", "fd44:0:0:0:0:0:200:7/64");
      const switcher = switcherOn(server, ["10.44.1.1/16", "fd44:0:0:0:0:0:1:1/64"]);
      const echo = Bun.spawn(
        [...server.enter, process.execPath, join(import.meta.dir, "../children/echo-server.ts")],
        {
          stdout: "ignore",
          stderr: "ignore",
        },
      );
      try {
        expect(add(server, switcher, 0)).toBe(0);
        expect(switcher.routeErrno).toBe(0);
        await until("IPv4 answer", () => answers(seat, "10.44.1.1"));
        await until("IPv6 answer", () => answers(seat, "fd44::1:1"));
        server.ip("link", "set", "eth0", "down"); // takes the subnet route along
        server.ip("link", "set", "eth0", "up");
        expect(server.inside(() => switcher.restoreRoutes())).toBe(0);
        await until("IPv4 answer after the interface was down", () => answers(seat, "10.44.1.1"));
        expect(remove(server, switcher, 0)).toBe(0);
        expect(answers(seat, "10.44.1.1")).toBe(false);
        expect(server.ip("route", "show", "proto", "0x57")).toBe("");
      } finally {
        echo.kill("SIGKILL");
        await echo.exited;
      }
    }, 90_000);
  }
});

describe("routes to the subnets of VIPs", () => {
  test("subnets of one address and different lengths are two; a VIP that is its own subnet has none", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.44.0.1/16"], ["10.44.0.2/24"], ["10.46.1.1/32"]);
    const routes = (): string[] => host.ip("route", "show", "proto", "0x57").match(/^\S+/gm) ?? [];
    expect(add(host, switcher, 0, 1, 2)).toBe(0);
    expect(routes().sort()).toEqual(["10.44.0.0/16", "10.44.0.0/24"]);
    expect(remove(host, switcher, 0, 2)).toBe(0);
    expect(routes()).toEqual(["10.44.0.0/24"]);
    expect(switcher.routeErrno).toBe(0);
  });

  test("one that goes with its last VIP and comes with the next does not count as removed", () => {
    const host = network.addHost("10.99.0.1/24");
    const switcher = switcherOn(host, ["10.44.0.1/16"], ["10.44.0.2/16"]);
    const events = new EventQueue();
    const lookAfter = (nowUs: number): void => switcher.lookAfterRoutes(true, nowUs, events);
    expect([add(host, switcher, 0), remove(host, switcher, 0), add(host, switcher, 1)]).toEqual([
      0, 0, 0,
    ]);
    lookAfter(1_000_000);
    expect(events.count).toBe(0);
    host.ip("route", "del", "10.44.0.0/16", "proto", "0x57");
    lookAfter(2_000_000);
    expect([events.count, events.kind[0], events.index[0]]).toEqual([
      ...[1, EVENT_RECORD],
      LOG_ROUTE_PUT_BACK,
    ]);
  });

  test("one that is gone already when it is needed no longer is no error", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.44.0.1/16"]);
    expect(add(host, switcher, 0)).toBe(0);
    host.ip("route", "del", "10.44.0.0/16", "proto", "0x57");
    expect(remove(host, switcher, 0)).toBe(0);
    expect(switcher.routeErrno).toBe(0);
  });

  test("of several the first error is reported, as long as it is true", () => {
    const host = network.addHost();
    const switcher = switcherOn(host, ["10.43.0.1/16"], ["10.44.0.1/16", "10.45.0.1/16"]);
    expect(add(host, switcher, 0)).toBe(0); // marks are looked at with the first
    const losses = new Losses(netlinkOf(switcher));
    losses.lose(1, 1); // the answer about the first route, behind that about the addresses
    expect(add(host, switcher, 1)).toBe(0);
    expect(switcher.routeErrno).toBe(ETIMEDOUT);
    expect(add(host, switcher, 1)).toBe(0);
    expect(switcher.routeErrno).toBe(0);
  });
});

test("removed VIPs bring their routes along when they are put back", () => {
  const host = network.addHost();
  const routes = (): string[] =>
    host
      .ip("route", "show", "proto", "0x57")
      .split("\n")
      .flatMap((line) => /^\S+/.exec(line)?.[0] ?? [])
      .sort();
  const switcher = switcherOn(host, ["10.44.1.1/16"], ["10.44.1.2/16"], ["10.45.1.1/16"]);
  expect(add(host, switcher, 0, 1, 2)).toBe(0);
  expect(routes()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
  host.ip("address", "flush", "dev", "eth0"); // with the last IPv4 address the kernel drops them
  expect(routes()).toEqual([]);
  expect(add(host, switcher, 1)).toBe(0);
  expect(routes()).toEqual(["10.44.0.0/16"]);
  expect(add(host, switcher, 0, 2)).toBe(0);
  expect(routes()).toEqual(["10.44.0.0/16", "10.45.0.0/16"]);
  expect(remove(host, switcher, 0, 2)).toBe(0);
  expect(routes()).toEqual(["10.44.0.0/16"]);
  expect(remove(host, switcher, 1)).toBe(0);
  expect(routes()).toEqual([]);
});

describe("the interface goes away", () => {
  test("adding fails with ENODEV, deleting succeeds; recreated under its name, it is found again", () => {
    const host = network.addHost();
    host.ip("link", "add", "extra", "type", "veth", "peer", "name", "extra-peer");
    host.ip("link", "set", "extra", "up");
    const vips = [[vip("10.44.1.1/16")], [vip("fd44:0:0:0:0:0:1:1/64")], [vip("10.44.1.3/16")]];
    const switcher = host.inside(() => new VipSwitcher("extra", vips));
    switchers.push(switcher);
    expect(add(host, switcher, 0, 1)).toBe(0);
    host.ip("link", "del", "extra");
    expect(remove(host, switcher, 1)).toBe(0);
    expect(add(host, switcher, 2)).toBe(1);
    expect(switcher.result[2]).toBe(ENODEV);
    host.ip("link", "add", "extra", "type", "veth", "peer", "name", "extra-peer");
    host.ip("link", "set", "extra", "up");
    expect(add(host, switcher, 0, 1)).toBe(0);
    expect(host.addresses("extra")).toEqual(["10.44.1.1/32", "fd44::1:1/64"]);
    expect(remove(host, switcher, 0, 1, 2)).toBe(0);
    expect(host.addresses("extra")).toEqual([]);
  });

  test("VIPs that were up on it keep no route on the recreated one", () => {
    const host = network.addHost();
    const plug = (): void => {
      host.ip("link", "add", "extra", "type", "veth", "peer", "name", "extra-peer");
      host.ip("link", "set", "extra", "up");
      // With the last IPv4 address of an interface the kernel drops its routes, ours among them.
      host.ip("address", "add", "10.99.0.1/24", "dev", "extra");
    };
    const routes = (): string => host.ip("route", "show", "proto", "0x57");
    plug();
    const switcher = host.inside(() => new VipSwitcher("extra", [[vip("10.44.1.1/16")]]));
    switchers.push(switcher);
    expect(add(host, switcher, 0)).toBe(0);
    host.ip("link", "del", "extra");
    plug();
    // Nothing is up on this one, so nothing is renewed and no route is missing.
    expect(host.inside(() => switcher.restoreRoutes())).toBe(0);
    expect([[...switcher.up], switcher.upCost]).toEqual([[0], 0]);
    expect(add(host, switcher, 0)).toBe(0);
    expect(routes()).toContain("10.44.0.0/16 dev extra");
    expect(remove(host, switcher, 0)).toBe(0);
    expect(routes()).toBe("");
  });
});
