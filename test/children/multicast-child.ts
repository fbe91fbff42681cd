/**
 * A MulticastSocket in a network namespace of its own: `multicast-child.ts INTERFACE GROUP PORT`.
 * It prints "ready", then "received LENGTH WORD" for each datagram (WORD: its first 4 bytes). Lines
 * of its input: "send LENGTH WORD" is answered by "sent ERRNO", "rejoin" by "rejoined ERRNO". Ends
 * with its input.
 */
import { libc } from "../../src/io/libc.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { MulticastSocket } from "../../src/io/multicast-socket.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";

const STDIN = 0;
const [interfaceName, group, port] = process.argv.slice(2);
const socket = new MulticastSocket({ interfaceName, group, port: Number(port) });
const datagram = new NativeMemory(4096);
const input = new NativeMemory(4096);
const poller = new Poller();
const commands = poller.add(STDIN);
const datagrams = poller.add(socket.fd);

function obey(line: string): void {
  const [command, length, word] = line.split(" ");
  if (command === "rejoin") {
    console.log(`rejoined ${socket.rejoin()}`);
  } else {
    datagram.view.setUint32(64, Number(word), true);
    console.log(`sent ${socket.send(datagram, 64, Number(length))}`);
  }
}

console.log("ready");
for (;;) {
  poller.wait(nowUs() + 1_000_000);
  if (poller.isReadable(datagrams)) {
    for (let length = socket.receive(); length >= 0; length = socket.receive()) {
      console.log(`received ${length} ${socket.received.view.getUint32(0, true)}`);
    }
  }
  if (poller.isReadable(commands)) {
    const length = libc.read(STDIN, input.address, input.bytes.length);
    if (length <= 0) process.exit(0);
    const lines = new TextDecoder().decode(input.bytes.slice(0, length)).trimEnd().split("\n");
    for (const line of lines) obey(line);
  }
}
