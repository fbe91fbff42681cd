/** The garbage collector rests in flight: a loop that waits for it is late on a busy machine. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { Flight, type Server, TABLE } from "../harness/real-servers.ts";
import { until } from "../harness/until.ts";

let flight: Flight;
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.close();
});

/** Longer than it takes for a collection that the start asked for. */
const PERIODS = 200;
const COLLECTOR = "HeapHelper";

/** Processor time in ns of the collector's threads in a process. */
function collectorNs(pid: number): number {
  const threads = `/proc/${pid}/task`;
  const read = (thread: string, name: string): string =>
    readFileSync(`${threads}/${thread}/${name}`, "utf8").trim();
  return readdirSync(threads)
    .filter((thread) => read(thread, "comm") === COLLECTOR)
    .reduce((sum, thread) => sum + Number(read(thread, "schedstat").split(" ")[0]), 0);
}

async function flownTo(server: Server, periods: number): Promise<number> {
  const { enginePid } = await until(`${server.id} has flown ${periods} periods`, () => {
    const state = server.state();
    return (state?.keepAlive.sent ?? 0) >= periods && state;
  });
  return collectorNs(enginePid);
}

test("what the start left behind is collected before the flight, not in it", async () => {
  for (const server of [flight.a, flight.b]) server.start(TABLE);
  const servers = [flight.a, flight.b];
  const before = await Promise.all(servers.map((server) => flownTo(server, 1)));
  for (const ns of before) expect(ns).toBeGreaterThan(0);
  const after = await Promise.all(servers.map((server) => flownTo(server, PERIODS)));
  // Threads that go to sleep take some time as well; a second collection takes as much again.
  for (const [server, ns] of after.entries())
    expect(ns).toBeLessThan(1.2 * (before[server] as number));
});
