import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { AlreadyRunningError, RunDirectory } from "./run-directory.ts";

let path: string;
let directory: RunDirectory;
beforeEach(() => {
  path = scratchDirectory("run-directory");
  directory = new RunDirectory(path);
});
afterEach(() => {
  directory.release();
  rmSync(path, { recursive: true, force: true });
});

test("who has it is named to the next one, until it is released", () => {
  directory.acquire();
  const other = new RunDirectory(path);
  expect(() => other.acquire()).toThrow(AlreadyRunningError);
  expect(() => other.acquire()).toThrow(`already running as pid ${process.pid} in ${path}`);
  directory.release();
  other.acquire();
  other.release();
});

test("a run that was killed is told apart from one that ended in good order, and from none", () => {
  const lock = join(path, "lock");
  directory.acquire();
  expect(directory.lastWasKilled).toBe(false);
  const left = readFileSync(lock, "latin1"); // what a kill leaves
  directory.release();
  directory.acquire();
  expect(directory.lastWasKilled).toBe(false);
  directory.release();
  writeFileSync(lock, left);
  directory.acquire();
  expect(directory.lastWasKilled).toBe(true);
  expect(readFileSync(lock, "latin1")).toBe(`${process.pid}\n`);
});
