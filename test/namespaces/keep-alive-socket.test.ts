/** KeepAliveSocket between two hosts on one switch. Needs root and `ip`. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ENETDOWN, ENODEV } from "../../src/io/errno.ts";
import { KeepAliveSocket, WRONG_PORT } from "../../src/io/keep-alive-socket.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { PacketSocket } from "../../src/io/packet-socket.ts";
import {
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_MAGIC,
  KEEP_ALIVE_VERSION,
} from "../../src/wire/keep-alive.ts";
import { DATAGRAM_AT, encodeFrameHead } from "../../src/wire/keep-alive-frame.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";

const GROUP = "239.192.44.61";
const PORT = 44_161;
const ADDRESSES = ["10.61.0.1/24", "10.61.0.2/24"] as const;

let network: VirtualNetwork;
let one: Host;
let other: Host;
const open: { close(): void }[] = [];
beforeEach(() => {
  network = new VirtualNetwork(false);
  one = network.addHost(ADDRESSES[0]);
  other = network.addHost(ADDRESSES[1]);
});
afterEach(() => {
  for (const socket of open.splice(0)) socket.close();
  network.close();
});

function kept<T extends { close(): void }>(socket: T): T {
  open.push(socket);
  return socket;
}

const socketOn = (host: Host, port = PORT): KeepAliveSocket =>
  kept(host.inside(() => new KeepAliveSocket("eth0", GROUP, port)));

const datagram = new NativeMemory(KEEP_ALIVE_BYTES);
function fill(): void {
  for (let at = 0; at < KEEP_ALIVE_BYTES; at++) datagram.bytes[at] = at % 251;
  datagram.view.setUint32(0, KEEP_ALIVE_MAGIC);
  datagram.view.setUint8(4, KEEP_ALIVE_VERSION);
}
beforeEach(fill);

/** The socket's next result: the length, or WRONG_PORT. */
const taken = (socket: KeepAliveSocket): Promise<number> =>
  until("something arrives", () => {
    const length = socket.receive();
    return length === -1 ? null : { length };
  }).then(({ length }) => length);

/** Everything sent before has arrived or never will. */
async function nothingButMark(from: KeepAliveSocket, to: KeepAliveSocket): Promise<void> {
  fill();
  datagram.bytes[KEEP_ALIVE_BYTES - 1] = 77;
  expect(from.send(datagram)).toBe(0);
  expect(await taken(to)).toBe(KEEP_ALIVE_BYTES);
  expect(to.received.bytes[KEEP_ALIVE_BYTES - 1]).toBe(77);
}

test("each receives the other's datagrams, whole, with the sender's Ethernet address", async () => {
  const [from, to] = [socketOn(one), socketOn(other)];
  expect([from.receive(), to.receive()]).toEqual([-1, -1]);
  expect(from.send(datagram)).toBe(0);
  expect(await taken(to)).toBe(KEEP_ALIVE_BYTES);
  expect(to.received.bytes.slice(0, KEEP_ALIVE_BYTES)).toEqual(datagram.bytes);
  const mac =
    to.senderHigh.toString(16).padStart(4, "0") + to.senderLow.toString(16).padStart(8, "0");
  expect(mac).toBe(one.mac);
  expect(from.receive()).toBe(-1); // its own do not come back
});

test("it speaks UDP: an ordinary socket hears it, and it hears one", async () => {
  const socket = socketOn(one);
  const plain = kept(
    other.inside(() => new MulticastSocket({ interfaceName: "eth0", group: GROUP, port: PORT })),
  );
  expect(socket.send(datagram)).toBe(0);
  await until("it arrives", () => plain.receive() === KEEP_ALIVE_BYTES);
  expect(plain.received.bytes.slice(0, KEEP_ALIVE_BYTES)).toEqual(datagram.bytes);
  expect(plain.send(datagram, 0, KEEP_ALIVE_BYTES)).toBe(0);
  expect(await taken(socket)).toBe(KEEP_ALIVE_BYTES);
  expect(plain.send(datagram, 0, KEEP_ALIVE_BYTES - 1)).toBe(0); // another length is no keep-alive
  const marks = socketOn(other);
  await nothingButMark(marks, socket);
  expect(socket.dropped()).toBe(1);
});

test("one for another port is distinguished from no keep-alive", async () => {
  const [wrong, to] = [socketOn(one, PORT + 1), socketOn(other)];
  expect(wrong.send(datagram)).toBe(0);
  expect(await taken(to)).toBe(WRONG_PORT);
  expect(to.senderLow).not.toBe(0);
});

test("any flipped bit of the header: it is classified correctly, or dropped", async () => {
  const [from, to] = [socketOn(one), socketOn(other)];
  const raw = kept(one.inside(() => new PacketSocket("eth0", 0)));
  const { bytes, view } = raw.received;
  const group = Uint8Array.from(GROUP.split("."), Number);
  const makes = (): void => {
    encodeFrameHead(
      view,
      bytes,
      Uint8Array.from([2, 0, 0, 0, 0, 9]),
      Uint8Array.of(10, 61, 0, 1),
      group,
      PORT,
    );
    bytes.set(datagram.bytes, DATAGRAM_AT);
  };
  // EtherType, IP version and length of the head, parts, protocol, group, length, magic, version
  for (const at of [
    12,
    14,
    20,
    21,
    23,
    30,
    33,
    38,
    39,
    DATAGRAM_AT,
    DATAGRAM_AT + 3,
    DATAGRAM_AT + 4,
  ]) {
    fill();
    makes();
    bytes[at] = (bytes[at] as number) ^ (at === 20 ? 0x20 : 1);
    expect(raw.send(raw.received, 0, DATAGRAM_AT + KEEP_ALIVE_BYTES)).toBe(0);
    await nothingButMark(from, to);
  }
  fill();
  makes();
  expect(raw.send(raw.received, 0, DATAGRAM_AT + KEEP_ALIVE_BYTES)).toBe(0);
  expect(await taken(to)).toBe(KEEP_ALIVE_BYTES);
});

describe("the interface", () => {
  test("has no address: keep-alives are still sent", async () => {
    one.ip("addr", "flush", "dev", "eth0");
    const [from, to] = [socketOn(one), socketOn(other)];
    expect(from.send(datagram)).toBe(0);
    expect(await taken(to)).toBe(KEEP_ALIVE_BYTES);
  });

  test("is missing, comes, goes and comes again, always with the same index", async () => {
    network.takeOut(one);
    const [socket, to] = [socketOn(one), socketOn(other)];
    for (let round = 0; round < 3; round++) {
      expect(one.inside(() => socket.rejoin())).toBe(ENODEV);
      expect(socket.send(datagram)).toBe(ENODEV);
      network.putIn(one, ADDRESSES[0]);
      expect(socket.receive()).toBe(-1); // takes the kernel's word that the old one went down
      expect(one.inside(() => socket.rejoin())).toBe(0);
      await until("keep-alives go and come", async () => {
        expect([socket.send(datagram), to.send(datagram)]).toEqual([0, 0]);
        await Bun.sleep(5);
        return socket.receive() === KEEP_ALIVE_BYTES && to.receive() === KEEP_ALIVE_BYTES;
      });
      network.takeOut(one);
      while (to.receive() !== -1);
    }
  });

  test("is switched off: unsent keep-alives are reported", () => {
    const socket = socketOn(one);
    one.ip("link", "set", "eth0", "down");
    expect(socket.send(datagram)).toBe(ENETDOWN);
    expect(socket.reportGroup()).toBe(ENETDOWN);
  });
});
