import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
import { AlreadyRunningError, RunDirectory } from "./run-directory.ts";

let path: string;
let directory: RunDirectory;
beforeEach(() => {
  path = scratchDirectory("run-directory", "/dev/shm");
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

test("on a disk the files lie in memory, and links lead to them", () => {
  const onDisk = scratchDirectory("run-directory", "/var/tmp");
  const run = new RunDirectory(onDisk);
  run.acquire();
  try {
    expect(run.isInMemory).toBe(true);
    const { place } = run;
    expect(place).not.toBe(onDisk);
    run.writeConfig("{}");
    expect(statSync(place).mode & 0o777).toBe(0o755);
    const seen = new RunDirectory(onDisk);
    expect(readFileSync(seen.config, "utf8")).toBe("{}");
    expect(() => seen.acquire()).toThrow(`already running as pid ${process.pid} in ${onDisk}`);
    // Killed and started again: what it left is found.
    expect(readFileSync(join(place, "lock"), "latin1")).toBe(`${process.pid}\n`);
    run.release();
    expect(existsSync(place)).toBe(false);
    run.acquire();
    expect(run.lastWasKilled).toBe(false);
    expect(readlinkSync(join(onDisk, "memory"))).toBe(run.place);
  } finally {
    run.release();
    rmSync(onDisk, { recursive: true, force: true });
  }
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
