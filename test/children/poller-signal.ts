/**
 * Waits for a minute with a handler for SIGUSR1, after a wait that found input, and prints how the
 * wait ended.
 */
import { RecordSocket, socketPair } from "../../src/io/control-socket.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { Poller } from "../../src/io/poller.ts";

process.on("SIGUSR1", () => {});
const [one, two] = socketPair().map(RecordSocket.inherited);
const poller = new Poller();
const slot = poller.add(two.fd);
one.send(new NativeMemory(16));
poller.wait(0);
two.receive();

process.stdout.write("waiting\n");
const untilUs = nowUs() + 60_000_000;
const ready = poller.wait(untilUs);
process.stdout.write(
  `${ready} ${poller.isReadable(slot)} ${nowUs() < untilUs ? "early" : "late"}\n`,
);
process.exit(0);
