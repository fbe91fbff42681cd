/** What a power cut leaves half done, and what is made of it. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROLLED_BACK_BY_HAND, ROLLED_BACK_UNHEALTHY } from "../catalogue/roll-back-reason.ts";
import { SlotStore } from "./slot-store.ts";

const directory = mkdtempSync(join(tmpdir(), "wingman-slots-"));
afterAll(() => rmSync(directory, { recursive: true }));
const store = new SlotStore(directory);

beforeEach(() => {
  rmSync(directory, { recursive: true });
  for (const slot of ["a", "b"]) {
    mkdirSync(join(directory, slot), { recursive: true });
    writeFileSync(join(directory, slot, "MANIFEST.JSN"), slot);
  }
  store.activate();
  store.confirm();
});

test("between the two renames of an installation: the part that was about to give way is back", () => {
  const { inactive } = store;
  store.beginIncoming();
  renameSync(store.path(inactive), join(directory, ".outgoing"));
  expect(store.has(inactive)).toBe(false);
  store.settle();
  expect(store.has(inactive)).toBe(true);
  expect([".incoming", ".outgoing"].filter((name) => existsSync(join(directory, name)))).toEqual(
    [],
  );
});

test("after both of them: the new part stays, and the old one goes", () => {
  const { inactive } = store;
  mkdirSync(join(directory, ".outgoing"));
  store.settle();
  expect(store.has(inactive)).toBe(true);
  expect(existsSync(join(directory, ".outgoing"))).toBe(false);
});

test("back to what flew before, once, and to nothing that never flew here", () => {
  const former = store.inactive;
  store.activate();
  expect(store.rollBack(ROLLED_BACK_BY_HAND)).not.toBe(former);
  expect(() => store.rollBack(ROLLED_BACK_BY_HAND)).toThrow("was given up");
  // What is activated on trial goes back; what was only installed is no way back.
  expect(store.activate()).toBe(former);
  store.confirm();
  expect(store.state.former).toBe(store.inactive);
  const installed = store.inactive;
  writeFileSync(join(store.beginIncoming(), "MANIFEST.JSN"), "new");
  store.takeIncoming(installed);
  expect(() => store.rollBack(ROLLED_BACK_BY_HAND)).toThrow(
    `the part in slot ${installed} was never started here, or was given up: 'wingman part activate' starts it on trial`,
  );
  expect(store.current).toBe(former);
});

test("a trial begun by an earlier release without that field is still rolled back", () => {
  const { current } = store;
  store.activate();
  const file = join(directory, "state.json");
  const { former: _, ...before } = store.state;
  writeFileSync(file, JSON.stringify(before));
  expect(store.rollBack(ROLLED_BACK_UNHEALTHY) as string).toBe(current as string);
});

test("one process at a time changes the slots", () => {
  const child = ["flock", "--nonblock", directory, "true"];
  expect(store.lock()).toBe(true);
  expect(store.lock()).toBe(true);
  expect(new SlotStore(directory).lock()).toBe(false);
  expect(Bun.spawnSync(child).exitCode).toBe(1);
});
