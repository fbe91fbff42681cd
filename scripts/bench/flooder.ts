/**
 * An attacker on the client network, a process of its own: `flooder.ts INTERFACE GROUP PORT SYSTEM KIND SECONDS` sends datagrams to
 * the group as fast as the kernel takes them, for a bounded time, and prints how many as JSON: `{"sent", "seconds"}`.
 *   garbage   random bytes, every second datagram as long as a keep-alive
 *   forged    keep-alives of that system, of servers 0 and 1 in turn, right but for the seal
 *   replayed  what the servers themselves sent, recorded in the half second before
 */
import { systemId } from "../../src/config/digest.ts";
import { errno, SystemError } from "../../src/io/errno.ts";
import { libc } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { encodeKeepAlive, KEEP_ALIVE_BYTES, KeepAliveMessage } from "../../src/wire/keep-alive.ts";

/** Different datagrams of a flood. */
const DATAGRAMS = 64;
/** Of one system call. Larger ones are not faster, and a kernel without preemption holds up whoever shares its processor meanwhile. */
const BATCH = 8;
const DATAGRAM_BYTES_MAX = 1472;
const RECORD_US = 500_000;

// struct mmsghdr of 64-bit Linux: name, its length, iovec at 16, number of iovecs at 24, control, flags, then the length sent.
const MESSAGE_BYTES = 64;
const MESSAGE_IOVEC_AT = 16;
const MESSAGE_IOVEC_COUNT_AT = 24;
const IOVEC_BYTES = 16;
const NAME_BYTES = 16;

const [interfaceName = "", group = "", port = "", system = "", kind = "", seconds = ""] = process.argv.slice(2);
const socket = new MulticastSocket({ interfaceName, group, port: Number(port) });
const datagrams = new NativeMemory(DATAGRAMS * DATAGRAM_BYTES_MAX);
const lengths = new Uint32Array(DATAGRAMS).fill(KEEP_ALIVE_BYTES);

const kinds: Record<string, () => void> = {
  garbage() {
    randomize();
    for (let place = 0; place < DATAGRAMS; place += 2) lengths[place] = Math.floor(Math.random() * DATAGRAM_BYTES_MAX);
  },

  forged() {
    randomize();
    const message = new KeepAliveMessage();
    message.systemId = systemId({ system });
    message.incarnation = 0xffff_ffff; // newer than any
    message.owns.fill(0xffff_ffff);
    message.heardIncarnation.fill(1, 0, SERVERS_MAX);
    for (let place = 0; place < DATAGRAMS; place++) {
      message.sender = place % 2;
      message.sequence = 1_000_000 + place;
      encodeKeepAlive(message, new DataView(datagrams.buffer, place * DATAGRAM_BYTES_MAX, KEEP_ALIVE_BYTES));
    }
  },

  replayed() {
    const untilUs = nowUs() + RECORD_US;
    let recorded = 0;
    while (recorded < DATAGRAMS && nowUs() < untilUs) {
      if (socket.receive() !== KEEP_ALIVE_BYTES) continue;
      datagrams.bytes.set(socket.received.bytes.slice(0, KEEP_ALIVE_BYTES), recorded * DATAGRAM_BYTES_MAX);
      recorded++;
    }
    if (recorded === 0) throw new Error("no keep-alive was there to be recorded");
    for (let place = recorded; place < DATAGRAMS; place++) {
      datagrams.bytes.copyWithin(
        place * DATAGRAM_BYTES_MAX,
        (place % recorded) * DATAGRAM_BYTES_MAX,
        ((place % recorded) + 1) * DATAGRAM_BYTES_MAX,
      );
    }
  },
};

const prepare = kinds[kind];
if (prepare === undefined) throw new Error(`found "${kind}", expected one of ${Object.keys(kinds).join(", ")}`);
prepare();
process.stdout.write(`${JSON.stringify(flood(Number(seconds)))}\n`);

function randomize(): void {
  for (let at = 0; at < datagrams.bytes.length; at += 1024) {
    crypto.getRandomValues(datagrams.bytes.subarray(at, at + 1024));
  }
}

function flood(durationSeconds: number): { sent: number; seconds: number } {
  const table = new NativeMemory(DATAGRAMS * (MESSAGE_BYTES + IOVEC_BYTES) + NAME_BYTES);
  const iovecsAt = DATAGRAMS * MESSAGE_BYTES;
  const nameAt = iovecsAt + DATAGRAMS * IOVEC_BYTES;
  table.view.setUint16(nameAt, 2, true); // AF_INET
  table.view.setUint16(nameAt + 2, Number(port));
  table.bytes.set(group.split(".").map(Number), nameAt + 4);
  for (let place = 0; place < DATAGRAMS; place++) {
    table.setPointer(place * MESSAGE_BYTES, nameAt);
    table.view.setUint32(place * MESSAGE_BYTES + 8, NAME_BYTES, true);
    table.setPointer(place * MESSAGE_BYTES + MESSAGE_IOVEC_AT, iovecsAt + place * IOVEC_BYTES);
    table.view.setUint32(place * MESSAGE_BYTES + MESSAGE_IOVEC_COUNT_AT, 1, true);
    table.setPointer(iovecsAt + place * IOVEC_BYTES, place * DATAGRAM_BYTES_MAX, datagrams);
    table.view.setUint32(iovecsAt + place * IOVEC_BYTES + 8, lengths[place] as number, true);
  }
  const beganUs = nowUs();
  const untilUs = beganUs + durationSeconds * 1_000_000;
  let sent = 0;
  let next = 0;
  while (nowUs() < untilUs) {
    const taken = libc.sendmmsg(socket.fd, table.address + next * MESSAGE_BYTES, BATCH, 0);
    next = (next + BATCH) % DATAGRAMS;
    if (taken < 0) throw new SystemError("sendmmsg", errno());
    sent += taken;
  }
  return { sent, seconds: (nowUs() - beganUs) / 1_000_000 };
}
