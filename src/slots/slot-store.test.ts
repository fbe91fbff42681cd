/** What a power cut leaves half done, and what is made of it. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
