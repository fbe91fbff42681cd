/**
 * A network manager deletes unknown routes: the route to the seats is restored within seconds, and
 * the log records it.
 */
import { afterEach, expect, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { activeFaults } from "./active-faults.ts";
import { FIELD_TABLE, Field } from "./field.ts";
import { reaches } from "./reach.ts";

/** One server has room for everything: a drain stops nothing. */
const ROOMY = {
  ...FIELD_TABLE,
  functions: FIELD_TABLE.functions.map((entry) => ({ ...entry, required: 20 })),
};

let field: Field;
afterEach(() => field.close());

const owner = (): Server => field.server(field.ownerOf("announcements") ?? "");

/** Servers whose only way to the seats' subnet is the route that comes with the VIPs. */
async function flying(): Promise<void> {
  field = new Field();
  for (const [place, { host }] of field.servers.entries()) {
    host.ip("addr", "flush", "dev", "eth0", "scope", "global");
    host.ip("addr", "add", `10.99.0.${place + 1}/24`, "dev", "eth0");
  }
  field.seat.ip("addr", "add", "fd44:0:0:1::9/64", "dev", "eth0", "nodad");
  field.start(ROOMY);
  await field.settled();
}

const reached = (): boolean =>
  reaches(field.seat, "10.44.1.1") && reaches(field.seat, "fd44:0:0:1::1");

const told = (): number => owner().log.split("ROUTE TO THE SEATS REMOVED, PUT BACK").length - 1;

test("one is deleted, then all of both families, again and again", async () => {
  await flying();
  await until("the seat reaches the VIP", reached, 5000);
  owner().host.ip("route", "del", "10.44.0.0/16", "dev", "eth0");
  await until("it is reached again", reached, 5000);
  await until("the log says so", () => told() >= 1, 5000);
  for (let round = 0; round < 3; round++) {
    owner().host.ip("route", "flush", "dev", "eth0", "root", "10.44.0.0/16");
    owner().host.ip("-6", "route", "flush", "dev", "eth0", "proto", "kernel");
    await until("it is reached again", reached, 5000);
  }
  await until("the log says so again", () => told() >= 3, 5000);
  expect(activeFaults(owner())).toEqual([]);
});

test("the function moves: its route goes, and is not put back", async () => {
  await flying();
  const before = owner();
  before.drain();
  await until("it is on the other server", () => owner() !== before);
  await until("the seat reaches the VIP", reached, 5000);
  await until("no route is left", () => before.host.ip("route", "show", "proto", "0x57") === "");
  expect(before.log).not.toContain("PUT BACK");
});
