/**
 * The client, a separate process: `prober.ts RECORD TARGET…` sends one probe per millisecond to
 * each IPv4 address and records the answering server (see probe-record). Blocks in the kernel
 * between probes; makes no garbage.
 */
import { errno, SystemError } from "../../src/io/errno.ts";
import { AF_INET, libc, SOCK_DGRAM, SOCK_NONBLOCK } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";
import { becomeRealtime, lockMemory, setTimerSlack } from "../../src/io/realtime.ts";
import { MEASURING_PRIORITY } from "../../test/harness/measuring-priority.ts";
import { PROBE_BYTES, PROBE_MAGIC, PROBE_PORT, ProbeRecord, ROUNDS_MAX } from "./probe-record.ts";

const DISTANCE_US = 1000;
const SOCKADDR_BYTES = 16;

const [file = "", ...targets] = process.argv.slice(2);
const record = new ProbeRecord(file, targets.length);

const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
if (fd < 0) throw new SystemError("socket", errno());
// Unconnected: an ICMP error must not cost the next probe.
const addresses = new NativeMemory(SOCKADDR_BYTES * targets.length);
targets.forEach((target, number) => {
  const at = number * SOCKADDR_BYTES;
  addresses.view.setUint16(at, AF_INET, true);
  addresses.view.setUint16(at + 2, PROBE_PORT);
  target.split(".").forEach((byte, place) => {
    addresses.view.setUint8(at + 4 + place, Number(byte));
  });
});
const probe = new NativeMemory(PROBE_BYTES);
probe.view.setUint32(0, PROBE_MAGIC, true);
const answer = new NativeMemory(PROBE_BYTES);
const poller = new Poller();
poller.add(fd);

setTimerSlack(1);
lockMemory();
if (becomeRealtime(MEASURING_PRIORITY) === null) record.setRealtime();

let dueUs = nowUs();
for (let round = 0; round < ROUNDS_MAX && !record.isToStop; round++) {
  send(round);
  dueUs += DISTANCE_US;
  // the machine stood still: no burst to catch up
  if (nowUs() > dueUs + DISTANCE_US) dueUs = nowUs();
  do {
    if (poller.wait(dueUs) > 0) receive();
  } while (nowUs() < dueUs);
}

function send(round: number): void {
  record.beginRound(round, nowUs());
  probe.view.setUint32(8, round, true);
  for (let target = 0; target < targets.length; target++) {
    probe.view.setUint32(4, target, true);
    // A probe that cannot be sent counts as unanswered.
    libc.sendto(
      fd,
      probe.address,
      PROBE_BYTES,
      0,
      addresses.address + target * SOCKADDR_BYTES,
      SOCKADDR_BYTES,
    );
  }
}

function receive(): void {
  while (libc.recv(fd, answer.address, PROBE_BYTES, 0) === PROBE_BYTES) {
    const { view } = answer;
    if (view.getUint32(0, true) !== PROBE_MAGIC) continue;
    record.enterAnswer(view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true));
  }
}
