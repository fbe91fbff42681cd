/**
 * A seat fills what the kernel keeps of others. Keep-alives do not depend on it: servers hear each
 * other, own what they owned, and one answers.
 */
import { afterEach, expect, test } from "bun:test";
import { PacketSocket } from "../../src/io/packet-socket.ts";
import { ARP_BYTES, encodeArpRequest, setArpSender } from "../../src/wire/arp.ts";
import { addChecksum, foldChecksum } from "../../src/wire/bytes.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

const VIP = "10.44.1.1";
/** More than gc_thresh3, the kernel's limit of both families (arp(7)). */
const NEIGHBOURS = 1500;

let field: Field;
afterEach(() => field.close());

const moves = (): string[] =>
  field.servers.flatMap(({ log }) =>
    log.split("\n").filter((line) => /SERVER LOST|OWNED TWICE|VIP LEASE RAN OUT/.test(line)),
  );

/** Flies on until every server has sent and accepted this many more keep-alives of the other. */
async function fliesOn(keepAlives = 50): Promise<void> {
  for (const server of field.servers) {
    const accepted = () => server.state()?.keepAlive.accepted ?? 0;
    const from = accepted();
    const left = () => from + keepAlives - accepted();
    await until(
      () => `${server.id} takes keep-alives, ${left()} more wanted; its log: ${server.log}`,
      () => left() <= 0,
    );
  }
}

/** The seat asks for the VIP as ever new hosts. */
function scan(): void {
  const seat = field.seat.inside(() => new PacketSocket("eth0", 0));
  const frame = seat.received;
  const mac = Uint8Array.from(field.seat.hardwareAddress());
  const target = Uint8Array.from(VIP.split("."), Number);
  for (let neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
    const sender = Uint8Array.of(10, 44, 100 + (neighbour >> 8), neighbour & 0xff);
    encodeArpRequest(frame.bytes, 0, mac, target, 0);
    setArpSender(frame.bytes, 0, sender, 0);
    expect(seat.send(frame, 0, ARP_BYTES)).toBe(0);
  }
  seat.close();
}

async function settledField(): Promise<void> {
  field = new Field();
  field.start(FIELD_TABLE);
  await field.settled();
}

test("1,500 made-up hosts ask for a VIP: the table of IPv4 neighbours is full", async () => {
  await settledField();
  for (let round = 0; round < 3; round++) {
    scan();
    await fliesOn(25);
  }
  expect(moves()).toEqual([]);
}, 60_000);

test("1,500 made-up hosts look for a VIP of IPv6: that table of neighbours is full", async () => {
  await settledField();
  for (let round = 0; round < 3; round++) {
    const { mac } = field.seat;
    const asks = field.seat.inside(() => new PacketSocket("eth0", 0));
    for (let neighbour = 0; neighbour < NEIGHBOURS; neighbour++) {
      asks.received.bytes.set(solicitation(neighbour, mac), 0);
      expect(asks.send(asks.received, 0, SOLICITATION_BYTES)).toBe(0);
    }
    asks.close();
    await fliesOn(25);
  }
  expect(moves()).toEqual([]);
}, 60_000);

/** The kernel's limit on machines with more than 4 GiB (nf_conntrack-sysctl), at most. */
const CONNECTIONS_MAX = 262_144;

test("made-up connections from every port of some hosts: the table of connections is full", async () => {
  await settledField();
  const { host } = field.a;
  host.run("nft", "add table inet tracking");
  host.run("nft", "add chain inet tracking i { type filter hook input priority 0; ct state new; }");
  const read = (name: string) => Number(host.run("cat", `/proc/sys/net/netfilter/${name}`));
  const most = read("nf_conntrack_max");
  expect(most).toBeLessThanOrEqual(CONNECTIONS_MAX);
  const seat = field.seat.inside(() => new PacketSocket("eth0", 0));
  for (let last = 0; read("nf_conntrack_count") < most; last++) {
    expect(last).toBeLessThan(100);
    seat.received.bytes.set(datagram(field.seat.mac, host.mac, last), 0);
    for (let port = 1024; port < 32_768; port++) {
      seat.received.view.setUint16(PORT_AT, port);
      seat.send(seat.received, 0, DATAGRAM_BYTES);
    }
    await Bun.sleep(1);
  }
  seat.close();
  await fliesOn();
  expect(moves()).toEqual([]);
  expect((await field.answers(VIP)).get(VIP)?.size).toBe(1);
}, 60_000);

const DATAGRAM_BYTES = 60;
const PORT_AT = 34;

/** A UDP datagram without checksum, from 10.44.100.`last` to a closed port of 10.44.0.1. */
function datagram(from: string, to: string, last: number): Uint8Array {
  const frame = new Uint8Array(DATAGRAM_BYTES);
  frame.set(Buffer.from(`${to}${from}0800`, "hex"));
  frame.set(Buffer.from("4500002e00000000401100000a2c64000a2c0001", "hex"), 14);
  const view = new DataView(frame.buffer);
  view.setUint8(29, last);
  view.setUint16(24, foldChecksum(addChecksum(frame, 14, 20, 0)));
  view.setUint16(36, 9); // discard
  view.setUint16(38, 26);
  return frame;
}

const SOLICITATION_BYTES = 86;

/** fd44:0:0:1::9:n asks for fd44:0:0:1::1, and says what its Ethernet address is (RFC 4861). */
function solicitation(neighbour: number, seat: string): Uint8Array {
  const frame = Buffer.alloc(SOLICITATION_BYTES);
  const mac = Buffer.from(seat, "hex");
  const target = Buffer.from("fd440000000000010000000000000001", "hex");
  frame.write("3333ff000001", 0, "hex");
  mac.copy(frame, 6);
  frame.writeUInt16BE(0x86dd, 12);
  frame.writeUInt8(0x60, 14);
  frame.writeUInt16BE(32, 18);
  frame.writeUInt16BE(0x3aff, 20); // ICMPv6, hop limit 255
  target.copy(frame, 22, 0, 12);
  frame.writeUInt16BE(9, 34);
  frame.writeUInt16BE(neighbour, 36);
  frame.write("ff0200000000000000000001ff000001", 38, "hex");
  frame.writeUInt8(135, 54);
  target.copy(frame, 62);
  frame.writeUInt16BE(0x0101, 78);
  mac.copy(frame, 80);
  let sum = 32 + 58;
  for (let at = 22; at < SOLICITATION_BYTES; at += 2) sum += frame.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  frame.writeUInt16BE(~sum & 0xffff, 56);
  return frame;
}
