/**
 * The console of a server on a test bench, in a process of its own:
 *   console-child.ts SOCKET DEVICE BAUD IDLE_MS
 * Prints `ready`, then every change of the line; ends with SIGTERM. SIGUSR1: prints its processor time and memory.
 */
import { startConsole } from "../../src/manage/start-console.ts";
import { BenchServer } from "../console/bench-server.ts";

const [socket = "", device = "", baud = "115200", idleMs = "600000"] = process.argv.slice(2);
const running = startConsole(new BenchServer(), {
  socket,
  device: device === "-" ? null : device,
  baud: Number(baud),
  idleMs: Number(idleMs),
  onLine: (problem) => process.stdout.write(`line ${problem === "" ? "open" : problem}\n`),
});
process.on("SIGTERM", () => {
  running.close();
  process.exit(0);
});
process.on("SIGUSR1", () => {
  const { user, system } = process.cpuUsage();
  process.stdout.write(`usage ${user + system} ${process.memoryUsage().rss}\n`);
});
process.stdout.write("ready\n");
