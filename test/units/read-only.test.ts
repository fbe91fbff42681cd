/**
 * The file system is read-only, except for the state directory and the run directory: a server
 * flies, and tries to write nothing else. Needs root, `ip` and strace.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FIELD_TABLE, SEAT_ADDRESS } from "../field/field.ts";
import { recordsOf } from "../harness/log-records.ts";
import { Server } from "../harness/real-servers.ts";
import { scratchDirectory } from "../harness/run-mark.ts";
import { until } from "../harness/until.ts";
import { type Host, VirtualNetwork } from "../harness/virtual-network.ts";
import { Answers } from "../system/answers.ts";
import { changesElsewhere, readOnlyMachine } from "./read-only-machine.ts";

/** No files on a disk: what the kernel keeps of each process, and what swallows everything. */
const NO_FILES = ["/proc/self", "/proc/thread-self", "/dev/null", "/dev/cpu_dma_latency"];

let network: VirtualNetwork;
let directory: string;
let a: Server;
let b: Server;
let seat: Host;
let trace: string;
beforeEach(() => {
  network = new VirtualNetwork();
  seat = network.addHost(`${SEAT_ADDRESS}/16`);
  directory = scratchDirectory("ro", "/dev/shm"); // in memory, as /run is
  a = new Server("a", network.addHost("10.44.0.1/16"), join(directory, "a"));
  b = new Server("b", network.addHost("10.44.0.2/16"), join(directory, "b"));
  mkdirSync(a.runDirectory, { recursive: true });
  mkdirSync(a.stateDirectory, { recursive: true });
  mkdirSync(join(directory, "trace"));
  trace = join(directory, "trace", "calls");
  a.launcher = readOnlyMachine(trace, [a.runDirectory, a.stateDirectory]);
});
afterEach(async () => {
  await a.end();
  await b.end();
  network.close();
  rmSync(directory, { recursive: true, force: true });
});

const changes = (): string[] =>
  changesElsewhere(trace, [a.runDirectory, a.stateDirectory, ...NO_FILES]);

/** Both have functions, and each VIP is answered for by one. */
async function bothServe(): Promise<void> {
  for (const one of [a, b])
    await until(
      () => `${one.id} serves; ${one.log}`,
      () => one.state()?.phase === "active" && one.vips().length > 0,
    );
  const answers = new Answers(seat, SEAT_ADDRESS, ["10.44.1.1", "10.44.1.2", "10.44.1.3"]);
  await until("one server answers for each VIP", async () =>
    [...(await answers.round()).values()].every(({ size }) => size === 1),
  );
}

test("a server joins, serves, writes its log, is stopped and starts again; it writes nothing elsewhere", async () => {
  let records = 0;
  for (let start = 0; start < 2; start++) {
    b.start(FIELD_TABLE);
    a.start(FIELD_TABLE);
    await bothServe();
    await until("its log is written", () => recordsOf(a.stateDirectory).length > records);
    records = recordsOf(a.stateDirectory).length;
    expect(a.log).not.toMatch(/EROFS|read-only/i);
    expect(await a.stop()).toBe(0);
    expect(changes()).toEqual([]);
    const own = changesElsewhere(trace, NO_FILES).join("\n");
    expect(own).toContain(join(a.stateDirectory, "maintenance.log"));
    expect(own).toContain(join(a.runDirectory, "status"));
    await b.stop();
  }
}, 120_000);

test("an attempt to write elsewhere is detected", async () => {
  const [map, ...others] = FIELD_TABLE.functions;
  const command = ["/bin/sh", "-c", "echo x > /etc/wingman-writes; exec sleep 1000"];
  a.start({ ...FIELD_TABLE, functions: [{ ...map, command }, ...others] });
  await until(
    () => `the attempt is in the trace; ${a.log}`,
    () => a.log.includes("Read-only file system") && changes().length > 0,
  );
  expect(changes()).toEqual([expect.stringContaining('"/etc/wingman-writes"')]);
}, 60_000);
