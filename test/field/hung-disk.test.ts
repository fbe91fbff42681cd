/**
 * A disk hangs, that of the state directory or that of the run directory: writes neither complete
 * nor fail.
 */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { whenActive, whenOver } from "./fault-states.ts";
import { FIELD_TABLE, Field } from "./field.ts";
import { HangingDisk } from "./hanging-disk.ts";

const ROUNDS = 3;
/** A line of the daemon with its time. */
const ACTIVE = /^(\S+) WNG-0100 PHASE CHANGED: ACTIVE/m;

let field: Field;
let disk: HangingDisk | null = null;
afterEach(async () => {
  disk?.hang(false);
  for (const server of field.servers) await server.end();
  disk?.remove();
  disk = null;
  await field.close();
});

test("an engine that dies is replaced, a killed daemon flies again, and both are reported", async () => {
  field = new Field();
  const { a } = field;
  disk = new HangingDisk(a.stateDirectory);
  field.start();
  await field.settled();
  const incarnation = (): number => a.state()?.incarnation ?? 0;
  const flies = (after: number): Promise<number> =>
    until("another engine flies", () => {
      const state = a.state();
      return state?.phase === "active" && state.incarnation > after ? state.incarnation : null;
    });

  disk.hang();
  const first = incarnation();
  signal(a.enginePid, "SIGKILL");
  const second = await flies(first);
  expect(await whenActive(a, "WNG-0452")).toContain(a.stateDirectory.slice(0, 40));
  // The console answers as ever.
  expect(a.command("console", "show version").code).toBe(0);

  // The first start with a disk that hangs.
  await a.stop("SIGKILL");
  a.start(FIELD_TABLE);
  const third = await flies(second);
  await whenActive(a, "WNG-0452");
  signal(a.enginePid, "SIGKILL");
  const fourth = await flies(third);

  disk.hang(false);
  await whenOver(a, "WNG-0452");
  const file = join(a.stateDirectory, "incarnation");
  await until("the numbers are stored", () => Number(readFileSync(file, "utf8")) >= fourth);
  expect(existsSync(join(a.stateDirectory, "maintenance.log"))).toBe(true);
  await until("what happened meanwhile is in the log", () =>
    a.command("console", "show log -n 60").out.includes("WNG-0441"),
  );
});

test("the engine that follows does not wait for the disk: it flies within a second", async () => {
  field = new Field();
  const { a } = field;
  disk = new HangingDisk(a.stateDirectory);
  field.start();
  await field.settled();
  disk.hang();
  const stored = readFileSync(join(a.stateDirectory, "incarnation"), "utf8");
  const tookMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { incarnation } = a.state() ?? { incarnation: 0 };
    const linesBefore = a.log.length;
    signal(a.enginePid, "SIGKILL");
    const killedMs = Date.now();
    await until("it is active again", () => ACTIVE.test(a.log.slice(linesBefore)));
    const [, at = ""] = ACTIVE.exec(a.log.slice(linesBefore)) ?? [];
    tookMs.push(Date.parse(at) - killedMs);
    await until("with a number of its own", () => (a.state()?.incarnation ?? 0) > incarnation);
  }
  // The disk has accepted nothing meanwhile, and nothing waited for it.
  expect(readFileSync(join(a.stateDirectory, "incarnation"), "utf8")).toBe(stored);
  console.log(`killed to active with a disk that hangs: ${tookMs.join(", ")} ms`);
  // A second on a quiet machine; what waits for the disk waits for ever.
  expect(Math.min(...tookMs)).toBeLessThan(5_000);
});

test("a run directory on a disk that hangs holds up nothing", async () => {
  field = new Field();
  const { a, b } = field;
  disk = new HangingDisk(a.runDirectory);
  field.start();
  await field.settled();
  const sent = (): number => a.state()?.keepAlive.sent ?? 0;
  disk.hang();
  const before = sent();
  await until("keep-alives go on, and the state tells it", () => sent() > before + 100);
  const { incarnation } = a.state() ?? { incarnation: 0 };
  expect(b.log).not.toContain("WNG-0111");
  expect(a.log).not.toContain("WNG-0301");
  signal(a.enginePid, "SIGKILL");
  await until("another engine flies", () => {
    const state = a.state();
    return state?.phase === "active" && state.incarnation > incarnation;
  });
  expect(a.log).toContain("is on a disk");
  expect(a.command("console", "show faults").code).toBe(0);
});

test("a run directory on a disk of a machine without a place in memory is a fault", async () => {
  field = new Field();
  const { a } = field;
  const script = 'mount --bind "$0" /dev/shm && exec "$@"';
  a.launcher = ["unshare", "--mount", "sh", "-c", script, field.directory];
  field.start();
  expect(await whenActive(a, "WNG-0470")).toContain("RUN DIRECTORY LIES ON A DISK");
});
