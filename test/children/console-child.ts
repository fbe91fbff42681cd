/**
 * The console of a server on a test bench, in a process of its own:
 *   console-child.ts SOCKET DEVICE BAUD IDLE_MS Prints `ready`, and what cannot be opened; ends
 *   with SIGTERM. SIGUSR1: prints its processor time and memory.
 */
import { consoleFrontEnds } from "../../src/manage/console/console-front-ends.ts";
import { ReopenedFrontEnd } from "../../src/manage/front-end.ts";
import { BenchServer } from "../harness/bench-server.ts";

const AGAIN_MS = 200;

const [socket = "", device = "", baud = "115200", idleMs = "600000"] = process.argv.slice(2);
const options = { socket, device, baud: Number(baud), idleMs: Number(idleMs) };
const doors = consoleFrontEnds(new BenchServer(), options).map(
  (frontEnd) =>
    new ReopenedFrontEnd(
      frontEnd,
      ({ what }, error) => process.stdout.write(`closed ${what}: ${error.message}\n`),
      AGAIN_MS,
    ),
);
for (const door of doors) await door.start();
process.on("SIGTERM", () => {
  for (const door of doors) door.stop();
  process.exit(0);
});
process.on("SIGUSR1", () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system} ${process.memoryUsage().rss}\n`);
});
process.stdout.write("ready\n");
