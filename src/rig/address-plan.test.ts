import { expect, test } from "bun:test";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { formatAddress, planAddresses } from "./address-plan.ts";

function configOf(vips: string[], more: object = {}): AircraftConfig {
  const functions = vips.map((vip, number) => ({
    id: `f${number}`,
    required: 1,
    priority: 5,
    vips: [vip],
  }));
  const servers = [
    { id: "a", resource: 100 },
    { id: "b", resource: 100 },
  ];
  const result = parseConfig(
    JSON.stringify({ system: "test", servers, functions, ...more }),
    "test",
    "/",
  );
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

test("machines get the highest free addresses of the VIPs' network", () => {
  const plan = planAddresses(configOf(["10.44.1.1/16", "10.44.255.254/16", "10.44.255.253/16"]), 2);
  expect(plan.interfaces).toEqual(["eth0"]);
  expect(plan.servers.map(([entry]) => entry?.addresses)).toEqual([
    ["10.44.255.252/16"],
    ["10.44.255.251/16"],
  ]);
  expect(plan.seats.map(({ addresses }) => addresses)).toEqual([
    ["10.44.255.250/16"],
    ["10.44.255.249/16"],
  ]);
  expect(plan.hostRoutes).toEqual([]);
});

test("every network of a VIP gets an address, of both families, once", () => {
  const plan = planAddresses(
    configOf(["10.1.0.1/24", "10.1.0.2/24", "10.2.0.1/24", "fd44::1/64"]),
    1,
  );
  expect(plan.seats[0]?.addresses).toEqual([
    "10.1.0.252/24",
    "10.2.0.252/24",
    "fd44:0:0:0:ffff:ffff:ffff:fffd/64",
  ]);
});

test("VIPs in networks without room are reached by routes, from the rig's own network", () => {
  const plan = planAddresses(configOf(["10.9.9.9/32", "fd44::9/128"]), 1);
  expect(plan.seats[0]?.addresses).toEqual(["198.18.0.252/24"]);
  expect(plan.hostRoutes).toEqual(["10.9.9.9/32", "fd44:0:0:0:0:0:0:9/128"]);
});

test("the witness keeps its address", () => {
  const plan = planAddresses(
    configOf(["10.1.0.1/24"], { clients: { witnesses: ["10.1.0.254"] } }),
    1,
  );
  expect(plan.servers[0]?.[0]?.addresses).toEqual(["10.1.0.253/24"]);
});

test("the second keep-alive network has addresses of its own, and no seat", () => {
  const plan = planAddresses(
    configOf(["10.1.0.1/24"], { keepAlive: { interfaces: ["eth0", "eth1"] } }),
    1,
  );
  expect(plan.interfaces).toEqual(["eth0", "eth1"]);
  expect(plan.servers.map((entries) => entries[1])).toEqual([
    { name: "eth1", addresses: ["198.18.1.1/24"] },
    { name: "eth1", addresses: ["198.18.1.2/24"] },
  ]);
  expect(plan.seats[0]?.name).toBe("eth0");
});

test("addresses are written as ip takes them", () => {
  expect(formatAddress(4, 0x0a2c0101n)).toBe("10.44.1.1");
  expect(formatAddress(6, (0xfd44n << 112n) | 0x10001n)).toBe("fd44:0:0:0:0:0:1:1");
});
