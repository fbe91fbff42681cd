/**
 * Another program keeps the kernel's lock for all changes of interfaces and addresses (RTNL), in a
 * namespace that has nothing to do with the servers: thousands of interfaces that are deleted do.
 */
import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../harness/until.ts";
import { Field } from "./field.ts";

/** Longer than the detection time: who waited for the lock would be missed. */
const HOLD_MS = 600;
const ROUNDS = 3;

let field: Field;
afterEach(() => field.close());

/** Holds the lock for so long. */
async function holdLock(): Promise<void> {
  const holder = Bun.spawn(
    [...field.seat.enter, process.execPath, join(import.meta.dir, "../children/hold-rtnl.ts")],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const reader = holder.stdout.getReader();
  await reader.read();
  await Bun.sleep(HOLD_MS);
  holder.kill("SIGKILL");
  await holder.exited;
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
