/**
 * The maintenance process beside real engines: whatever happens to it, nothing in flight notices.
 * Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_FUNCTION_UP,
  LOG_SERVER_LOST,
  LOG_STALLED,
  LOG_VIP_REMOVED,
} from "../../src/boundary/maintenance-code.ts";
import {
  LOG_GROUND_UNKNOWN,
  LOG_LEG_BEGUN,
  LOG_LEG_ENDED,
} from "../../src/catalogue/supervisor-code.ts";
import { run } from "../harness/command.ts";
import { recordsOf } from "../harness/log-records.ts";
import { Flight, ownersOf, type Server, TABLE as SHORT_TABLE } from "../harness/real-servers.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";

/**
 * With a detection time of 2 s: a machine that is busy with other tests must not stall an engine.
 */
const TABLE = { ...SHORT_TABLE, keepAlive: { ...SHORT_TABLE.keepAlive, lostAfterPeriods: 100 } };

const KILLS = 100;
/**
 * After this many kills a VIP is removed by hand, alternating between two functions, so that the
 * log writes each one and counts none.
 */
const REMOVAL = 20;

let flight: Flight;
const mounts: string[] = [];
beforeEach(() => {
  flight = new Flight();
});
afterEach(async () => {
  await flight.a.end();
  for (const path of mounts.splice(0)) run("umount", path);
  await flight.close();
});

/** Process id of the maintenance process of a server; 0 while there is none. */
function managePid(server: Server): number {
  const isManage = (pid: number): boolean => argumentsOf(pid)[1] === "manage";
  return server.processes().find(isManage) ?? 0;
}

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0");
  } catch {
    return []; // it has ended
  }
}

/**
 * How often a server's engine reported each event, by its code, according to its standard error.
 */
function told(server: Server): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const [, code] of server.log.matchAll(/^\S+ WNG-(\d{4}) /gm)) {
    counts[Number(code)] = (counts[Number(code)] ?? 0) + 1;
  }
  return counts;
}

/** The same from its maintenance log; only events of the engine. */
function logged(server: Server): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { code, count } of recordsOf(server.stateDirectory)) {
    if (code < 400) counts[code] = (counts[code] ?? 0) + count;
  }
  return counts;
}

/** Both servers fly; gives the owner of each function. */
async function started(): Promise<Record<string, string | null>> {
  flight.a.start(TABLE);
  flight.b.start(TABLE);
  const [state] = await flight.settled();
  return ownersOf(state);
}

/**
 * A VIP of a function of server a is removed by hand, a different one each time; its engine puts it
 * back and reports it.
 */
function removeVipByHand(turn: number): void {
  const vips = flight.a.host.addresses().filter((address) => address.startsWith("10.44.1."));
  flight.a.host.ip("addr", "del", vips[turn % vips.length] ?? "", "dev", "eth0");
}

test("records of the engine are in the log, a file of the state directory; the process has no capability", async () => {
  await started();
  await until("the same events in the log", () => Bun.deepEquals(told(flight.a), logged(flight.a)));
  expect(logged(flight.a)[LOG_FUNCTION_UP]).toBeGreaterThan(0);
  const status = readFileSync(`/proc/${managePid(flight.a)}/status`, "latin1");
  expect(status).toMatch(/^CapPrm:\s*0+$/m);
  expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
  expect(await flight.a.stop()).toBe(0);
  expect(logged(flight.a)).toEqual(told(flight.a));
});

test("killed a hundred times in a row: no function moves, and every event is in the log exactly once", async () => {
  const owners = await started();
  const ups = { a: told(flight.a)[LOG_FUNCTION_UP], b: told(flight.b)[LOG_FUNCTION_UP] };
  const { enginePid } = flight.a;
  let last = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    last = await until("another maintenance process", () => {
      const found = managePid(flight.a);
      return ![0, last].includes(found) && found;
    });
    if (kill % REMOVAL === 0) removeVipByHand(kill / REMOVAL);
    await Bun.sleep(kill % 10 === 5 ? 0 : 550); // one that lived so long is replaced at once
    signal(last, "SIGKILL");
  }
  const ends = (): number =>
    flight.a.log.split("the maintenance process ended: SIGKILL").length - 1;
  await until("the last end", () => ends() === KILLS);
  expect(told(flight.a)[LOG_STALLED]).toBeUndefined();
  expect(told(flight.b)[LOG_SERVER_LOST]).toBeUndefined();
  const [state] = await flight.settled();
  expect(ownersOf(state)).toEqual(owners);
  expect(flight.a.enginePid).toBe(enginePid);
  expect({ a: told(flight.a)[LOG_FUNCTION_UP], b: told(flight.b)[LOG_FUNCTION_UP] }).toEqual(ups);
  expect(told(flight.a)[LOG_VIP_REMOVED]).toBe(KILLS / REMOVAL);
  expect(await flight.a.stop()).toBe(0);
  expect(logged(flight.a)).toEqual(told(flight.a));
});

test("stopped for a while: keep-alives go on in time, and nothing is lost", async () => {
  await started();
  const pid = managePid(flight.a);
  signal(pid, "SIGSTOP");
  const before = flight.a.state() ?? flight.fail();
  const beganMs = performance.now();
  for (let count = 0; count < 4; count++) {
    removeVipByHand(count);
    await Bun.sleep(1200); // its engine tells one a second
  }
  const after = flight.a.state() ?? flight.fail();
  expect(after.incarnation).toBe(before.incarnation);
  const periods = (performance.now() - beganMs) / TABLE.keepAlive.periodMs;
  expect(after.keepAlive.sent - before.keepAlive.sent).toBeGreaterThan(0.8 * periods);
  expect(told(flight.a)[LOG_STALLED]).toBeUndefined();
  expect(told(flight.b)[LOG_SERVER_LOST]).toBeUndefined();
  expect(logged(flight.a)[LOG_VIP_REMOVED]).toBeUndefined();
  signal(pid, "SIGCONT");
  await until("all events in the log", () => Bun.deepEquals(told(flight.a), logged(flight.a)));
  expect(told(flight.a)[LOG_VIP_REMOVED]).toBe(4);
  expect(managePid(flight.a)).toBe(pid);
});

test("a state directory without room: the server flies on", async () => {
  const state = flight.a.stateDirectory;
  mkdirSync(state, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", "size=64k", "none", state);
  mounts.push(state);
  const { bsize, bavail } = statfsSync(state);
  writeFileSync(join(state, "full"), new Uint8Array(Number(bsize) * Number(bavail)));
  await started();
  await until("the complaint", () =>
    /maintenance log/.test(readFileSync(flight.a.manageErrors, "utf8")),
  );
  removeVipByHand(0);
  await until("the engine's answer", () => told(flight.a)[LOG_VIP_REMOVED] === 1);
  const [a] = await flight.settled();
  expect(a.phase).toBe("active");
  expect(managePid(flight.a)).toBeGreaterThan(0);
  expect(readdirSync(state)).toContain("full");
  expect(await flight.a.stop()).toBe(0);
});

test("the ground input makes legs; when it falls silent that is recorded, and ends none", async () => {
  const groundInput = join(flight.a.stateDirectory, "on-ground");
  mkdirSync(flight.a.stateDirectory, { recursive: true });
  flight.a.start({ ...TABLE, maintenance: { groundInput } });
  const seen = (): number[] =>
    recordsOf(flight.a.stateDirectory).flatMap(({ code }) =>
      [LOG_LEG_BEGUN, LOG_LEG_ENDED, LOG_GROUND_UNKNOWN].includes(code) ? [code] : [],
    );
  const expected: number[] = [];
  for (const [text, code] of [
    ["0", LOG_LEG_BEGUN],
    ["1", LOG_LEG_ENDED],
    ["0", LOG_LEG_BEGUN],
    ["?", LOG_GROUND_UNKNOWN],
  ] as const) {
    writeFileSync(groundInput, text);
    expected.push(code);
    await until(`record ${code} after ${text}`, () => seen().length === expected.length);
    expect(seen()).toEqual(expected);
  }
});
