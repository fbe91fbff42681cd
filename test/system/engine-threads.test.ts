/**
 * The threads of the JavaScript engine beside the flight loop, which waits for their locks: where
 * they get no processor, it is late.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { FLIGHT_PRIORITY } from "../../src/io/realtime.ts";
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

/** Processor time in ns of each thread of a process, by thread name. */
function threadsOf(pid: number): (readonly [name: string, ns: number])[] {
  const threads = `/proc/${pid}/task`;
  const read = (thread: string, file: string): string =>
    readFileSync(`${threads}/${thread}/${file}`, "utf8").trim();
  return readdirSync(threads).map((thread) => [
    read(thread, "comm"),
    Number(read(thread, "schedstat").split(" ")[0]),
  ]);
}

function collectorNs(pid: number): number {
  const collectors = threadsOf(pid).filter(([name]) => name === COLLECTOR);
  return collectors.reduce((sum, [, ns]) => sum + ns, 0);
}

/** Process of the server's engine, once it has sent that many keep-alives. */
async function engineAfter(server: Server, periods: number): Promise<number> {
  const { enginePid } = await until(`${server.id} has flown ${periods} periods`, () => {
    const state = server.state();
    return (state?.keepAlive.sent ?? 0) >= periods && state;
  });
  return enginePid;
}

test("collect what the start left behind before the flight, not in it", async () => {
  const servers = [flight.a, flight.b];
  for (const server of servers) server.start(TABLE);
  const collected = async (periods: number) =>
    (await Promise.all(servers.map((server) => engineAfter(server, periods)))).map(collectorNs);
  const before = await collected(1);
  for (const ns of before) expect(ns).toBeGreaterThan(0);
  // Threads that go to sleep take some time as well; a second collection takes as much again.
  for (const [server, ns] of (await collected(PERIODS)).entries())
    expect(ns).toBeLessThan(1.2 * (before[server] as number));
});

test("are real-time, as the loop is, which waits for their locks", async () => {
  flight.a.start(TABLE);
  const pid = await engineAfter(flight.a, PERIODS);
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { isLoop: Number(thread) === pid, priority: Number(fields[37]) };
  });
  expect(threads.length).toBeGreaterThan(1);
  for (const { isLoop, priority } of threads)
    expect(priority).toBeGreaterThanOrEqual(isLoop ? FLIGHT_PRIORITY : FLIGHT_PRIORITY - 1);
});
