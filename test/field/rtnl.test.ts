/**
 * Another program holds the kernel's lock for all changes of interfaces and addresses (RTNL), in a
 * namespace unrelated to the servers, as the deletion of thousands of interfaces does.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { addressesUpTwice, type Server, WINGMAN } from "../harness/real-servers.ts";
import { signalAll } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";

/** Longer than the detection time: a server that waited for the lock would be missed. */
const HOLD_MS = 600;
const ROUNDS = 3;
/** The lock is the only one of the machine: so long at most, whatever becomes of the test. */
const LIMIT_S = 4;
const HOLDER = join(import.meta.dir, "../children/hold-rtnl.ts");

let field: Field;
afterEach(() => field.close());

/** From this moment on, until what it gives is called. */
async function takeLock(): Promise<() => Promise<void>> {
  const holder = Bun.spawn([...field.seat.enter, process.execPath, HOLDER, String(LIMIT_S)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const reader = holder.stdout.getReader();
  await reader.read();
  return async () => {
    holder.kill("SIGKILL");
    await holder.exited;
  };
}

async function holdLock(): Promise<void> {
  const release = await takeLock();
  await Bun.sleep(HOLD_MS);
  await release();
}

/**
 * Records that a server must not write while the lock is taken: that it stalled, or lost its lease.
 */
function expectNoStall(...servers: Server[]): void {
  for (const server of servers) {
    for (const code of ["WNG-0301", "WNG-0305"])
      expect([server.id, code, server.log.includes(code)]).toEqual([server.id, code, false]);
  }
}

test("the kernel's lock is kept for longer than the detection time: nothing moves, nothing ends", async () => {
  field = new Field();
  const { a, b } = field;
  field.start();
  await field.settled();
  const engines = [a.enginePid, b.enginePid];
  const owners = JSON.stringify(a.state()?.functions.map(({ owner }) => owner));
  for (let round = 0; round < ROUNDS; round++) {
    await holdLock();
    await until("both agree", () => field.ownerOf("announcements"));
  }
  for (const server of [a, b]) {
    // stalled, lease lost, server lost, VIP removed
    for (const code of ["WNG-0301", "WNG-0305", "WNG-0111", "WNG-0211"])
      expect([code, server.log.includes(code)]).toEqual([code, false]);
  }
  expect(JSON.stringify(a.state()?.functions.map(({ owner }) => owner))).toBe(owners);
  expect([a.enginePid, b.enginePid]).toEqual(engines);
  // No renewal puts up again what has been handed over.
  expect(await a.stop()).toBe(0);
  await until("b has the most important", () => b.vips().includes("10.44.1.1"));
  expect(a.vips()).toEqual([]);
});

test("the owner dies while the lock is kept: the other one flies on, and serves when it is free", async () => {
  field = new Field();
  field.start();
  await field.settled();
  const dead = field.server(field.ownerOf("announcements") ?? "");
  const other = field.servers.find((server) => server !== dead) as Server;
  const { enginePid } = other;
  const incarnation = other.state()?.incarnation;
  const release = await takeLock();
  // Its engine first, which would say good-bye when its supervisor is gone.
  signalAll([dead.enginePid, ...dead.processes()], "SIGKILL");
  await until(
    () => `the other one knows:\n${other.log}`,
    () => other.log.includes("WNG-0111"),
    3_000,
  );
  await Bun.sleep(HOLD_MS);
  // It speaks and counts on: a loop that waited would say nothing new.
  const sent = other.state()?.keepAlive.sent ?? 0;
  await until("it sends on", () => (other.state()?.keepAlive.sent ?? 0) > sent, 1_000);
  await release();
  await until("it serves", () => other.vips().includes("10.44.1.1"));
  expect(await field.fault(other, "WNG-0314")).toMatch(/WNG-0314.*\n.*\n.*\n.*\d{3}/);
  expectNoStall(other);
  expect([other.enginePid, other.state()?.incarnation]).toEqual([enginePid, incarnation]);
}, 60_000);

test("functions are handed over while the lock is taken: no server stalls, and none is up twice", async () => {
  field = new Field();
  field.start();
  await field.settled();
  for (const server of field.servers) server.watchAddresses();
  const owner = field.server(field.ownerOf("announcements") ?? "");
  const other = field.servers.find((server) => server !== owner) as Server;
  const engines = field.servers.map(({ enginePid }) => enginePid);
  const release = await takeLock();
  owner.land();
  const drain = Bun.spawn([WINGMAN, "drain", "--confirm", "--run-dir", owner.runDirectory]);
  await Bun.sleep(2 * HOLD_MS);
  await release();
  await until("the other one has it", () => other.vips().includes("10.44.1.1"));
  expect(await drain.exited).toBe(0);
  expectNoStall(...field.servers);
  expect(field.servers.map(({ enginePid }) => enginePid)).toEqual(engines);
  expect(addressesUpTwice(field.servers)).toEqual([]);
}, 60_000);
