/**
 * Somebody sets a VIP as an address of his own on a server, by hand or in the network setup: a
 * fault there at once, whatever the prefix length and the interface, until the address is gone; and
 * no answer of a server that does not own it.
 */
import { afterEach, expect, test } from "bun:test";
import { parseVip } from "../../src/config/address.ts";
import type { Server } from "../harness/real-servers.ts";
import { SeatProbe } from "../harness/seat-probe.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { activeFaults, faultBegins, faultEnds } from "./active-faults.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const CODE = "WNG-0212";
const SEAT_IPV4 = [10, 44, 9, 1];
const SEAT_IPV6 = [0xfd, 0x44, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9];

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

/** Asked for the address by ARP or discovery, and for an echo, one of them is silent. */
async function expectSilent(server: Server, address: string): Promise<void> {
  for (let round = 0; round < 5; round++) expect(await answersOf(server, address)).toEqual([]);
}

/** The owner alone has answered in the end: the seat asks by broadcast. */
async function expectAnswers(owner: Server, address: string): Promise<void> {
  const [vip = ""] = address.split("/");
  await until(
    `${owner.id} answers for ${vip}`,
    async () => (await answersOf(owner, address)).length > 0,
  );
  if (vip.includes(":")) return;
  for (let round = 0; round < 5; round++)
    expect([...((await field.answers(vip)).get(vip) ?? [])]).toEqual([owner.host.mac]);
}

async function answersOf(server: Server, address: string): Promise<string[]> {
  const bytes = Uint8Array.from(parseVip(address)?.address ?? []);
  const probe = new SeatProbe(field.seat, server.host, SEAT_IPV4, SEAT_IPV6);
  try {
    probe.ask(bytes);
    await Bun.sleep(30);
    const about = Buffer.from(bytes).toString("hex");
    return [...probe.answers()].filter((answer) => answer.endsWith(about));
  } finally {
    probe.close();
  }
}

test("in flight, on the server that does not own it: any length, any interface, both families", async () => {
  field = new Field({ secondNetwork: true });
  field.seat.ip("addr", "add", "fd44:0:0:1::9/64", "dev", "eth0", "nodad");
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
    other.host.ip("addr", "add", address, "dev", link, ...(address.includes(":") ? ["nodad"] : []));
    await faultBegins(other, CODE, subject);
    await expectSilent(other, address);
    await expectAnswers(owner, address);
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
