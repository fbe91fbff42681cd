/**
 * An attacker on the client network, a process of its own: `flooder.ts INTERFACE SECONDS KIND
 * [ARGUMENT …]` sends as fast as the kernel takes it, for a bounded time, and prints how much as
 * JSON: `{"sent", "seconds"}`. To the keep-alives' default group:
 *   garbage                    random bytes, every second datagram as long as a keep-alive
 *   forged SYSTEM              keep-alives of that system, of servers 0 and 1 in turn, right but for the seal
 *   replayed                   what the servers themselves sent, recorded in the half second before
 * and to that of VRRP:
 *   vrrp-garbage               random bytes
 *   vrrp-forged ROUTER IP VIP  advertisements of the highest priority, sent from IP
 */
import { systemId } from "../../../src/config/digest.ts";
import { errno, SystemError } from "../../../src/io/errno.ts";
import { AF_INET, libc, SO_BINDTODEVICE, SOCK_RAW, SOL_SOCKET } from "../../../src/io/libc.ts";
import { nowUs } from "../../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../../src/io/multicast-socket.ts";
import { NativeMemory, nativeString } from "../../../src/io/native-memory.ts";
import {
  encodeKeepAlive,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../../src/wire/keep-alive.ts";
import { advertisement, VRRP_ADVERTISEMENT_BYTES, VRRP_GROUP, VRRP_PROTOCOL } from "./vrrp.ts";

/** Defaults of the configuration. */
const GROUP = "239.192.44.1";
const PORT = 44_100;

/** Different datagrams of a flood. */
const DATAGRAMS = 64;
/**
 * In one system call. Larger ones are not faster, and a kernel without preemption meanwhile delays
 * every process on its processor.
 */
const BATCH = 8;
const DATAGRAM_BYTES_MAX = 1472;
const RECORD_US = 500_000;

// struct mmsghdr of 64-bit Linux: name, its length, iovec at 16, number of iovecs at 24, control,
// flags, then the length sent.
const MESSAGE_BYTES = 64;
const MESSAGE_IOVEC_AT = 16;
const MESSAGE_IOVEC_COUNT_AT = 24;
const IOVEC_BYTES = 16;
const NAME_BYTES = 16;

const IPPROTO_IP = 0;
const IP_MULTICAST_TTL = 33;
const VRRP_TTL = 255;

const [interfaceName = "", seconds = "", kind = "", ...details] = process.argv.slice(2);
const datagrams = new NativeMemory(DATAGRAMS * DATAGRAM_BYTES_MAX);
const lengths = new Uint32Array(DATAGRAMS);

const kinds: Record<string, () => void> = {
  garbage() {
    randomize();
    for (let place = 0; place < DATAGRAMS; place++) {
      lengths[place] =
        place % 2 === 0 ? KEEP_ALIVE_BYTES : Math.floor(Math.random() * DATAGRAM_BYTES_MAX);
    }
    flood(keepAliveSocket().fd, GROUP, PORT);
  },

  forged() {
    randomize();
    const message = new KeepAliveMessage();
    message.systemId = systemId({ system: details[0] as string });
    message.incarnation = 0xffff_ffff; // newer than any
    message.owns.fill(0xffff_ffff);
    message.heardIncarnation.fill(1);
    for (let place = 0; place < DATAGRAMS; place++) {
      message.sender = place % 2;
      message.sequence = 1_000_000 + place;
      encodeKeepAlive(
        message,
        new DataView(datagrams.buffer, place * DATAGRAM_BYTES_MAX, KEEP_ALIVE_BYTES),
      );
    }
    lengths.fill(KEEP_ALIVE_BYTES);
    flood(keepAliveSocket().fd, GROUP, PORT);
  },

  replayed() {
    const socket = keepAliveSocket();
    const recorded: Uint8Array[] = [];
    const untilUs = nowUs() + RECORD_US;
    while (recorded.length < DATAGRAMS && nowUs() < untilUs) {
      if (socket.receive() === KEEP_ALIVE_BYTES)
        recorded.push(socket.received.bytes.slice(0, KEEP_ALIVE_BYTES));
    }
    if (recorded.length === 0) throw new Error("no keep-alive was there to be recorded");
    fill((place) => recorded[place % recorded.length] as Uint8Array);
    flood(socket.fd, GROUP, PORT);
  },

  "vrrp-garbage"() {
    randomize();
    for (let place = 0; place < DATAGRAMS; place++)
      lengths[place] = Math.floor(Math.random() * DATAGRAM_BYTES_MAX);
    flood(vrrpSocket(), VRRP_GROUP, 0);
  },

  "vrrp-forged"() {
    const [router = "", address = "", vip = ""] = details;
    const bytes = advertisement(Number(router), address, vip);
    fill(() => bytes);
    lengths.fill(VRRP_ADVERTISEMENT_BYTES);
    flood(vrrpSocket(), VRRP_GROUP, 0);
  },
};

const start = kinds[kind];
if (start === undefined)
  throw new Error(`found "${kind}", expected one of ${Object.keys(kinds).join(", ")}`);
start();

function randomize(): void {
  const CHUNK = 1 << 15; // getRandomValues gives at most 64 KiB
  for (let at = 0; at < datagrams.bytes.length; at += CHUNK) {
    crypto.getRandomValues(datagrams.bytes.subarray(at, at + CHUNK));
  }
}

function fill(datagramOf: (place: number) => Uint8Array): void {
  for (let place = 0; place < DATAGRAMS; place++) {
    const bytes = datagramOf(place);
    datagrams.bytes.set(bytes, place * DATAGRAM_BYTES_MAX);
    lengths[place] = bytes.length;
  }
}

function keepAliveSocket(): MulticastSocket {
  return new MulticastSocket({ interfaceName, group: GROUP, port: PORT });
}

function vrrpSocket(): number {
  const fd = libc.socket(AF_INET, SOCK_RAW, VRRP_PROTOCOL);
  if (fd < 0) throw new SystemError("socket", errno(), "VRRP");
  const name = nativeString(interfaceName);
  const timeToLive = new NativeMemory(4);
  timeToLive.view.setInt32(0, VRRP_TTL, true);
  if (
    libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.address, name.bytes.length) < 0 ||
    libc.setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, timeToLive.address, 4) < 0
  ) {
    throw new SystemError("setsockopt", errno(), interfaceName);
  }
  return fd;
}

function flood(fd: number, group: string, port: number): void {
  const table = messageTable(group, port);
  const beganUs = nowUs();
  const untilUs = beganUs + Number(seconds) * 1_000_000;
  let sent = 0;
  let next = 0;
  while (nowUs() < untilUs) {
    const taken = libc.sendmmsg(fd, table.address + next * MESSAGE_BYTES, BATCH, 0);
    if (taken < 0) throw new SystemError("sendmmsg", errno());
    sent += taken;
    next = (next + BATCH) % DATAGRAMS;
  }
  process.stdout.write(`${JSON.stringify({ sent, seconds: (nowUs() - beganUs) / 1_000_000 })}\n`);
}

/** An array of struct mmsghdr, one for each datagram; behind it what they point to. */
function messageTable(group: string, port: number): NativeMemory {
  const iovecsAt = DATAGRAMS * MESSAGE_BYTES;
  const nameAt = iovecsAt + DATAGRAMS * IOVEC_BYTES;
  const table = new NativeMemory(nameAt + NAME_BYTES);
  table.view.setUint16(nameAt, AF_INET, true);
  table.view.setUint16(nameAt + 2, port);
  table.bytes.set(group.split(".").map(Number), nameAt + 4);
  for (let place = 0; place < DATAGRAMS; place++) {
    const messageAt = place * MESSAGE_BYTES;
    const iovecAt = iovecsAt + place * IOVEC_BYTES;
    table.setPointer(messageAt, nameAt);
    table.view.setUint32(messageAt + 8, NAME_BYTES, true);
    table.setPointer(messageAt + MESSAGE_IOVEC_AT, iovecAt);
    table.view.setUint32(messageAt + MESSAGE_IOVEC_COUNT_AT, 1, true);
    table.setPointer(iovecAt, place * DATAGRAM_BYTES_MAX, datagrams);
    table.view.setUint32(iovecAt + 8, lengths[place] as number, true);
  }
  return table;
}
