import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { libc } from "../io/libc.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
import { AlreadyRunningError, RunDirectory } from "./run-directory.ts";

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

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

test("the next one is given the holder's name, until it is released", () => {
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

/** A directory in shared memory as a run leaves it that was killed `minutes` ago. */
function deadPlace(minutes: number): string {
  const place = mkdtempSync("/dev/shm/wingman-");
  const thenMs = Date.now() - minutes * 60_000;
  utimesSync(place, new Date(thenMs), new Date(thenMs));
  return place;
}

describe("in memory, what killed runs have left", () => {
  let onDisk: string;
  let run: RunDirectory;
  let places: string[];
  beforeEach(() => {
    onDisk = scratchDirectory("run-directory", "/var/tmp");
    run = new RunDirectory(onDisk);
    places = [];
  });
  afterEach(() => {
    run.release();
    for (const place of [...places, onDisk]) rmSync(place, { recursive: true, force: true });
  });

  test("goes after a minute, unless its lock is held", () => {
    places = [deadPlace(2), deadPlace(0), deadPlace(2)];
    const [dead = "", young = "", locked = ""] = places;
    const lock = openSync(join(locked, "lock"), "a");
    expect(libc.flock(lock, LOCK_EX | LOCK_NB)).toBe(0);
    utimesSync(locked, 0, 0); // the lock has made it young
    writeFileSync(join(dead, "status"), "");
    utimesSync(dead, 0, 0);
    run.acquire();
    closeSync(lock);
    expect([dead, young, locked].map((place) => existsSync(place))).toEqual([false, true, true]);
  });

  test("may vanish while it is looked at: the start does not mind", () => {
    places = [deadPlace(2)];
    // As one whose lock goes between two looks at it.
    symlinkSync("/nowhere/at-all", join(places[0] as string, "lock"));
    utimesSync(places[0] as string, 0, 0);
    run.acquire();
    expect(existsSync(join(run.place, "lock"))).toBe(true);
  });

  test("is used again by the next run there, however long ago, which knows that it was killed; others are not", () => {
    places = [deadPlace(2), deadPlace(2)];
    const [place = "", other = ""] = places;
    symlinkSync(place, join(onDisk, "memory"));
    writeFileSync(join(place, "lock"), "4711\n");
    utimesSync(place, 0, 0);
    run.acquire();
    expect([run.place, run.lastWasKilled]).toEqual([place, true]);
    expect([existsSync(place), existsSync(other)]).toEqual([true, false]);
    expect(Date.now() - statSync(place).mtimeMs).toBeLessThan(60_000);
  });
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
