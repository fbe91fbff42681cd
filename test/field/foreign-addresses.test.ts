/**
 * Somebody sets a VIP as an address of his own on a server, by hand or in the network setup: a
 * fault there at once, whatever the prefix length and the interface, until the address is gone.
 */
import { afterEach, expect, test } from "bun:test";
import type { Server } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { activeFaults, faultBegins, faultEnds } from "./active-faults.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const CODE = "WNG-0212";

/** One server has room for everything: a drain stops nothing. */
const ROOMY = {
  ...FIELD_TABLE,
  functions: FIELD_TABLE.functions.map((entry) => ({ ...entry, required: 20 })),
};

let field: Field;
afterEach(() => field.close());

async function flying(): Promise<{ owner: Server; other: Server }> {
  field.start(ROOMY);
  await field.settled();
  const owner = field.server(field.ownerOf("announcements") ?? "");
  const other = field.servers.find((server) => server !== owner) as Server;
  return { owner, other };
}

test("in flight, on the server that does not own it: any length, any interface, both families", async () => {
  field = new Field({ secondNetwork: true });
  const { owner, other } = await flying();
  // The log takes three records of a subject in an hour: more of each would be held back.
  for (const [address, link, subject] of [
    ["10.44.1.1/16", "eth0", "announcements"],
    ["fd44:0:0:1::1/128", "eth0", "announcements"],
    ["fd44:0:0:1::1/64", "eth1", "announcements"],
    ["10.44.1.3/32", "eth0", "map"],
    ["10.44.1.3/24", "eth1", "map"],
    ["10.44.1.3/32", "lo", "map"],
  ] as const) {
    other.host.ip("addr", "add", address, "dev", link);
    await faultBegins(other, CODE, subject);
    expect(activeFaults(owner)).toEqual([]);
    other.host.ip("addr", "del", address, "dev", link);
    await faultEnds(other, CODE);
  }
});

test("several addresses: the fault of each function ends with its last", async () => {
  field = new Field();
  const { other } = await flying();
  const ip = (change: string, address: string) =>
    other.host.ip("addr", change, address, "dev", "eth0");
  ip("add", "10.44.1.1/16");
  ip("add", "10.44.1.1/24");
  await faultBegins(other, CODE, "announcements");
  ip("add", "10.44.1.3/16");
  await faultBegins(other, CODE, "map");
  ip("del", "10.44.1.1/16");
  ip("del", "10.44.1.3/16");
  await faultEnds(other, CODE, "map");
  await faultBegins(other, CODE, "announcements");
  ip("del", "10.44.1.1/24");
  await faultEnds(other, CODE);
});

test("gone while no engine looks: the next one does not find it, and its fault is over", async () => {
  field = new Field();
  const { other } = await flying();
  other.host.ip("addr", "add", "10.44.1.3/16", "dev", "eth0");
  await faultBegins(other, CODE, "map");
  const engine = other.enginePid;
  signal(other.pid, "SIGSTOP"); // it starts no other one meanwhile
  signal(engine, "SIGKILL");
  other.host.ip("addr", "del", "10.44.1.3/16", "dev", "eth0");
  signal(other.pid, "SIGCONT");
  await faultEnds(other, CODE);
});

test("at the start, and when the server comes to own it and lets it go again", async () => {
  field = new Field();
  const [a, b] = [field.a, field.b];
  a.host.ip("addr", "add", "10.44.1.1/16", "dev", "eth0");
  b.host.ip("addr", "add", "10.44.1.1/32", "dev", "eth0");
  field.start(ROOMY);
  await field.settled();
  for (const server of [a, b]) await faultBegins(server, CODE, "announcements");
  const owner = field.server(field.ownerOf("announcements") ?? "");
  const other = owner === a ? b : a;
  owner.drain();
  await until("the other one owns it", () => field.ownerOf("announcements") === other.id);
  for (const server of [a, b]) await faultBegins(server, CODE, "announcements");
  for (const server of [a, b])
    server.host.ip("addr", "del", server === a ? "10.44.1.1/16" : "10.44.1.1/32", "dev", "eth0");
  for (const server of [a, b]) await faultEnds(server, CODE);
});
