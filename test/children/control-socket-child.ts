/**
 * A process with a control socket as descriptor 3, like the engine. `echo`: returns every record.
 * `greet-and-die`: sends one record, waits for one, then sends three more and kills itself,
 * whatever else has arrived.
 */
import { RecordSocket } from "../../src/io/control-socket.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";
import { CONTROL_RECORD_BYTES, encodeControl } from "../../src/wire/control.ts";
import { signal } from "../harness/signals.ts";

const socket = RecordSocket.inherited(3);
const record = new NativeMemory(CONTROL_RECORD_BYTES);

const poller = new Poller();
poller.add(socket.fd);

function sendNumber(number: number): void {
  encodeControl(record.view, 3, 7, number, 0, 0);
  if (socket.send(record) !== 0) process.exit(1);
}

if (process.argv[2] === "greet-and-die") {
  sendNumber(99);
  while (socket.receive() < 0) poller.wait(nowUs() + 1_000_000);
  Bun.sleepSync(50); // more arrives, which is not read
  for (let number = 100; number < 103; number++) sendNumber(number);
  signal(process.pid, "SIGKILL");
}

for (;;) {
  poller.wait(nowUs() + 1_000_000);
  const length = socket.receive();
  if (length === 0) process.exit(0);
  if (length !== CONTROL_RECORD_BYTES) continue;
  record.bytes.set(socket.received.bytes.subarray(0, length));
  if (socket.send(record) !== 0) process.exit(1);
}
