/**
 * Two interfaces of each server in one segment, at the kernel's default settings: seats see one
 * answer for a VIP, that of the client interface, and none of a stalled server.
 */
import { afterEach, expect, test } from "bun:test";
import { run } from "../harness/command.ts";
import type { Server } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Answers } from "../system/answers.ts";
import { FIELD_TABLE, Field } from "./field.ts";
import { reaches } from "./reach.ts";

let field: Field;
afterEach(() => field.close());

/** `eth1` of a server on the switch of its `eth0`, which routes by it. */
function addSecond(server: Server, place: number): void {
  const { host } = server;
  const port = `more${place}`;
  host.run(
    ...["ip", "link", "add", "eth1", "type", "veth"],
    ...["peer", "name", port, "netns", host.bridge],
  );
  run("ip", "-n", host.bridge, "link", "set", port, "master", "br0", "up");
  host.ip("addr", "add", `10.44.0.${place + 11}/16`, "dev", "eth1");
  host.ip("addr", "add", `fd44:0:0:1::a${place}/64`, "dev", "eth1", "nodad");
  host.ip("link", "set", "eth1", "up");
  host.ip("route", "del", "10.44.0.0/16", "dev", "eth0");
}

const cachedMac = (vip: string): string =>
  (/lladdr (\S+)/.exec(field.seat.ip("neigh", "show", vip))?.[1] ?? "").replaceAll(":", "");

test("one answer, of the client interface; after a stop only the new owner's", async () => {
  field = new Field();
  field.seat.ip("addr", "add", "fd44:0:0:1::9/64", "dev", "eth0", "nodad");
  for (const [place, server] of field.servers.entries()) addSecond(server, place);
  field.start({
    ...FIELD_TABLE,
    keepAlive: { ...FIELD_TABLE.keepAlive, interfaces: ["eth0", "eth1"] },
  });
  await field.settled();
  const owner = field.server(field.ownerOf("announcements") ?? "");
  const other = field.servers.find((server) => server !== owner) as Server;
  const answers = new Answers(field.seat, "10.44.9.1", ["10.44.1.1"]);
  const answering = async (): Promise<string[]> => [
    ...((await answers.round()).get("10.44.1.1") ?? []),
  ];
  for (let round = 0; round < 5; round++) expect(await answering()).toEqual([owner.host.mac]);
  for (const vip of ["10.44.1.1", "fd44:0:0:1::1"]) {
    await until(`the seat reaches ${vip}`, () => reaches(field.seat, vip), 5000);
    for (let round = 0; round < 5; round++) {
      expect(reaches(field.seat, vip)).toBe(true);
      expect([vip, cachedMac(vip)]).toEqual([vip, owner.host.mac]);
      owner.host.ip("neigh", "flush", "all"); // the server asks for the seat again
    }
  }
  for (const pid of owner.processes()) signal(pid, "SIGSTOP");
  const seen = new Set<string>();
  await until("the other one answers", async () => {
    for (const mac of await answering()) seen.add(mac);
    return seen.has(other.host.mac);
  });
  for (let round = 0; round < 20; round++) for (const mac of await answering()) seen.add(mac);
  expect(answers.twice).toEqual([]);
  expect([...seen].filter((mac) => ![owner.host.mac, other.host.mac].includes(mac))).toEqual([]);
});

test("an orderly stop removes the filter: addresses set by hand then answer as before", async () => {
  field = new Field();
  addSecond(field.a, 0);
  field.start();
  await field.settled();
  for (const server of field.servers) await server.stop();
  field.a.host.ip("addr", "add", "10.44.1.1/32", "dev", "eth0");
  const answers = new Answers(field.seat, "10.44.9.1", ["10.44.1.1"]);
  expect((await answers.round()).get("10.44.1.1")?.size).toBe(2);
});

test("without a packet filter another interface may answer: a fault reports it if it does", async () => {
  field = new Field({ secondNetwork: true });
  const { a, b } = field;
  b.host.sysctl("net/ipv4/conf/all/arp_ignore", "1");
  field.start({ ...FIELD_TABLE, clients: { interface: "eth0", lease: "off" } });
  await field.settled();
  expect(await field.fault(a, "WNG-0243")).toMatch(/WNG-0243 .*\n {2}ACTIVE/);
  expect(field.faults(b)).not.toContain("WNG-0243 ");
});
