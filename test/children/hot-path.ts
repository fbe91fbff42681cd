/**
 * The hot path of the flight loop over real sockets, 50,000 times: a keep-alive is sealed, sent by
 * the kernel to itself, waited for, received, verified and decoded. Every one must hold what was
 * just sent. What the kernel writes through native addresses goes stale without an error when a
 * view has moved, as that of a small typed array does once its function is optimised: after
 * thousands of calls, old values are read. Prints how many were wrong. `frozen`: the canary, which
 * reads from a copy as a moved view would.
 */
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";
import {
  decodeKeepAlive,
  encodeKeepAlive,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";

const ROUNDS = 50_000;
const FROZEN_FROM = 1000;
const WAIT_US = 2_000_000;

const socket = new MulticastSocket({
  interfaceName: "lo",
  group: "239.192.44.78",
  port: 44178,
  loop: true,
});
const poller = new Poller();
const slot = poller.add(socket.fd);
const seal = new KeepAliveSeal(new Uint8Array(32).fill(7));
const datagram = new NativeMemory(KEEP_ALIVE_BYTES);
const sent = new KeepAliveMessage();
const received = new KeepAliveMessage();
const copy = new NativeMemory(2048);

function fill(number: number): void {
  sent.incarnation = 1 + number;
  sent.sequence = number;
  for (let word = 0; word < sent.owns.length; word++)
    sent.owns[word] = Math.imul(number, 0x9e3779b1) ^ word;
}

/** @returns whether what arrived is what was sent */
function round(number: number, isFrozen: boolean): boolean {
  fill(number);
  encodeKeepAlive(sent, datagram.view);
  seal.seal(datagram.bytes);
  const beganUs = nowUs();
  if (socket.send(datagram, 0, KEEP_ALIVE_BYTES) !== 0) return false;
  while (poller.wait(nowUs() + WAIT_US) === 0) if (nowUs() - beganUs > WAIT_US) return false;
  if (!poller.isReadable(slot) || nowUs() < beganUs) return false;
  const length = socket.receive();
  if (number < FROZEN_FROM) copy.bytes.set(socket.received.bytes);
  const memory = isFrozen ? copy : socket.received;
  if (!decodeKeepAlive(memory.view, length, received) || !seal.verify(memory.bytes)) return false;
  if (received.sequence !== number || received.incarnation !== 1 + number) return false;
  for (let word = 0; word < sent.owns.length; word++)
    if (received.owns[word] !== sent.owns[word]) return false;
  return socket.receive() === -1;
}

let wrong = 0;
for (let number = 0; number < ROUNDS; number++)
  if (!round(number, process.argv[2] === "frozen")) wrong++;
console.log(`${wrong} of ${ROUNDS}`);
