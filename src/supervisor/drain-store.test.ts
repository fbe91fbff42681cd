import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../test/harness/until.ts";
import { DrainStore } from "./drain-store.ts";

let directory: string;
let reports: number[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "drain-store-"));
  reports = [];
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const opened = (): DrainStore =>
  new DrainStore(join(directory, "state"), (errno) => reports.push(errno));
const isStored = (): boolean => existsSync(join(directory, "state", "drained"));

test("a value is known at once, and to the next process that opens the store", async () => {
  const store = opened();
  expect(store.isDrained).toBe(false);
  store.set(true);
  expect(store.isDrained).toBe(true);
  await until("it is stored", isStored);
  expect(opened().isDrained).toBe(true);
  store.set(false);
  await until("it is forgotten", () => !isStored());
  expect(opened().isDrained).toBe(false);
  expect(reports).toEqual([]);
});

test("of several in a row the last one counts", async () => {
  const store = opened();
  for (const isDrained of [true, false, true, false, true]) store.set(isDrained);
  await until("it is stored", isStored);
  for (const isDrained of [false, true, false]) store.set(isDrained);
  await until("it is forgotten", () => !isStored());
  await Bun.sleep(20);
  expect(isStored()).toBe(false);
});

test("a request during a write is written after it", async () => {
  const state = join(directory, "state");
  mkdirSync(state);
  writeFileSync(join(state, "drained.new"), ""); // of a write that a power cut ended
  const store = opened();
  store.set(true);
  store.set(false);
  // A write leaves nothing beside what it stored: nothing is there only when both are over.
  await until("it is forgotten", () => readdirSync(state).length === 0);
  expect(store.isDrained).toBe(false);
  expect(opened().isDrained).toBe(false);
  expect(reports).toEqual([]);
});

test("a refusal is reported once, and its end", async () => {
  mkdirSync(join(directory, "state", "drained.new"), { recursive: true });
  const store = opened();
  store.set(true);
  await until("it is reported", () => reports.length > 0);
  store.set(true);
  await Bun.sleep(20);
  expect(reports).toEqual([21]); // EISDIR
  rmSync(join(directory, "state", "drained.new"), { recursive: true });
  store.set(true);
  await until("the end is reported", () => reports.length > 1);
  expect(reports).toEqual([21, 0]);
  expect(isStored()).toBe(true);
  store.close();
});

test("after a refusal nothing is believed of the disk: the state from before is stored again", async () => {
  const state = join(directory, "state");
  const store = opened();
  store.set(true);
  await until("it is stored", isStored);
  rmSync(state, { recursive: true }); // a file system that was lost
  store.set(false);
  await until("it is reported", () => reports.length > 0);
  store.set(true);
  await until("the end is reported", () => reports.length > 1);
  expect(reports).toEqual([2, 0]); // ENOENT
  expect(isStored()).toBe(true);
  store.close();
});
