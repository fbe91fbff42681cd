/**
 * The kernel refuses a VIP, because IPv6 is switched off: the function serves with its others, a
 * fault names the refused one, and it is retried until it can be set.
 */
import { afterEach, expect, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";
import { activeFaults, faultBegins, faultEnds } from "./active-faults.ts";
import { FIELD_TABLE, Field } from "./field.ts";
import { reaches } from "./reach.ts";

const ONE_VIP = "WNG-0241";
const NO_VIP = "WNG-0210";

/** One server has room for everything: a drain stops nothing. */
const ROOMY = {
  ...FIELD_TABLE,
  functions: FIELD_TABLE.functions.map((entry) => ({ ...entry, required: 20 })),
};

let field: Field;
afterEach(() => field.close());

const owner = (id = "announcements"): Server => field.server(field.ownerOf(id) ?? "");

function switchIpv6(servers: readonly Server[], on: boolean, link = "eth0"): void {
  for (const { host } of servers) host.sysctl(`net/ipv6/conf/${link}/disable_ipv6`, on ? "0" : "1");
}

async function reached(address: string): Promise<void> {
  await until(`the seat reaches ${address}`, () => reaches(field.seat, address), 12_000);
}

test("IPv6 is off at the start: IPv4 serves; switched on, IPv6 serves too", async () => {
  field = new Field();
  field.seat.ip("addr", "add", "fd44:0:0:1::9/64", "dev", "eth0", "nodad");
  switchIpv6(field.servers, false, "all");
  field.start(ROOMY);
  await field.settled();
  await reached("10.44.1.1");
  await faultBegins(owner(), ONE_VIP, "fd44:0:0:1::1/64");
  const served = owner();
  switchIpv6(field.servers, true, "all");
  await faultEnds(served, ONE_VIP);
  await reached("fd44:0:0:1::1");
  expect(owner()).toBe(served);
  expect(activeFaults(served)).toEqual([]);
});

test("IPv6 is switched off in flight: nothing moves, and its fault leaves with the function", async () => {
  field = new Field();
  field.start(ROOMY);
  await field.settled();
  const served = owner();
  switchIpv6([served], false);
  await faultBegins(served, ONE_VIP, "announcements fd44:0:0:1::1/64");
  await reached("10.44.1.1");
  expect(owner()).toBe(served);
  served.drain();
  await until(
    "it is on the other server",
    () => ![null, served.id].includes(field.ownerOf("announcements")),
  );
  await faultEnds(served, ONE_VIP);
  expect(activeFaults(owner())).toEqual([]);
});

test("every VIP of a function is refused, on all servers: tried again until it serves", async () => {
  const [dual, ...others] = FIELD_TABLE.functions;
  const only = { ...dual, vips: ["fd44:0:0:1::1/64"] };
  field = new Field();
  field.seat.ip("addr", "add", "fd44:0:0:1::9/64", "dev", "eth0", "nodad");
  switchIpv6(field.servers, false);
  field.start({ ...FIELD_TABLE, functions: [only, ...others] });
  for (const server of field.servers) await faultBegins(server, NO_VIP, "announcements");
  await reached("10.44.1.3");
  switchIpv6(field.servers, true);
  await reached("fd44:0:0:1::1");
  await faultEnds(owner(), NO_VIP);
});
