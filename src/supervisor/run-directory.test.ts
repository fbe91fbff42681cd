import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
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

test("nothing of an earlier run is left: no snapshot when one begins, and but for the lock no file when it has ended", () => {
  directory.acquire();
  writeFileSync(directory.status, "of an engine that was killed");
  directory.writeConfig("{}");
  expect(readFileSync(directory.config, "utf8")).toBe("{}");
  expect(readFileSync(directory.status)).toEqual(Buffer.alloc(STATUS_BYTES));
  const { engineSocket, engineErrors, manageErrors, consoleSocket } = directory;
  for (const file of [engineSocket, engineErrors, manageErrors, consoleSocket])
    writeFileSync(file, "");
  directory.release();
  expect(readdirSync(path)).toEqual(["lock"]);
});

test("last words: the last lines of a process that printed many, however long those before were", () => {
  expect([directory.engineErrorTail(), directory.manageErrorTail()]).toEqual(["", ""]);
  const lines = Array.from({ length: 30 }, (_, line) => `line ${line}`);
  writeFileSync(directory.engineErrors, `${lines.join("\n")}\n`);
  writeFileSync(directory.manageErrors, `${"x".repeat(20_000)}\nthe reason\n`);
  expect(directory.engineErrorTail().split("\n")).toEqual(lines.slice(-20));
  expect(directory.engineErrorTail(2)).toBe("line 28\nline 29");
  expect(directory.manageErrorTail(1)).toBe("the reason");
});
