import { afterEach, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTicksOf } from "./process-table.ts";
import {
  makeRigDirectory,
  mountsBelow,
  removeRigDirectory,
  runningRigs,
  serverDirectory,
  sweepDirectories,
  writeOwner,
} from "./rig-directory.ts";

const made: string[] = [];
afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function make(): string {
  const directory = makeRigDirectory();
  made.push(directory);
  return directory;
}

/**
 * A directory as a process leaves it that was killed: the number may belong to a living one,
 * started at another time.
 */
function abandoned(pid: number, startTicks: string): string {
  const directory = make().replace(/\d+$/, String(pid));
  mkdirSync(directory, { recursive: true });
  made.push(directory);
  writeFileSync(
    join(directory, "owner.json"),
    JSON.stringify({ pid, startTicks, aircraftPid: null }),
  );
  return directory;
}

test("the directory is its user's alone and survives a sweep while its owner lives", () => {
  const directory = make();
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  writeOwner(directory, 4711);
  expect(sweepDirectories()).not.toContain(directory);
  expect(runningRigs()).toContainEqual({
    directory,
    owner: { pid: process.pid, startTicks: startTicksOf(process.pid) ?? "", aircraftPid: 4711 },
  });
});

test("a directory without a living owner is swept, also when the number has been given to another process", async () => {
  const child = Bun.spawn(["sleep", "60"]);
  try {
    const reused = abandoned(child.pid, "1");
    expect(sweepDirectories()).toContain(reused);
    expect(existsSync(reused)).toBe(false);
    const living = abandoned(child.pid, startTicksOf(child.pid) ?? "");
    expect(sweepDirectories()).not.toContain(living);
    child.kill();
    await child.exited;
    expect(sweepDirectories()).toContain(living);
  } finally {
    child.kill();
  }
});

test("what servers had in memory goes with the directory, and nothing else", () => {
  const directory = make();
  const places = [mkdtempSync("/dev/shm/wingman-"), mkdtempSync(join(tmpdir(), "other-"))];
  made.push(...places);
  places.forEach((place, index) => {
    const run = join(serverDirectory(directory, `s${index}`), "run");
    mkdirSync(run, { recursive: true });
    symlinkSync(place, join(run, "memory"));
  });
  removeRigDirectory(directory);
  expect([directory, ...places].map((path) => existsSync(path))).toEqual([false, false, true]);
});

test("a directory whose owner is not yet written is left alone", () => {
  const directory = make();
  rmSync(join(directory, "owner.json"));
  expect(sweepDirectories()).not.toContain(directory);
});

test("a mount counts at and below the directory, not beside it", () => {
  expect(mountsBelow("/proc")).toContain("/proc");
  expect(mountsBelow("/pro")).toEqual([]);
});
