/**
 * Leftovers of a dead run are found and removed, and nothing of a live one. Needs root and `ip`.
 */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { linesOf } from "../../src/rig/line-stream.ts";
import { processStat } from "../../src/supervisor/process-stat.ts";
import type { AbandonedRun } from "../children/abandoned-run.ts";
import { isRunning } from "./processes.ts";
import {
  beginRun,
  isOver,
  partOf,
  RUN_VARIABLE,
  runDirectory,
  runName,
  runOfName,
  scratchDirectory,
  thisRun,
} from "./run-mark.ts";
import { remainsOf, remainsText, removeDeadRuns, removeRun } from "./run-remains.ts";
import { until } from "./until.ts";

const CHILD = join(import.meta.dir, "../children/abandoned-run.ts");

const started: { child: Bun.Subprocess; made: AbandonedRun }[] = [];

async function abandonedRun(): Promise<{ child: Bun.Subprocess; made: AbandonedRun }> {
  const child = Bun.spawn([process.execPath, CHILD], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of linesOf(child.stdout)) {
    const run = { child, made: JSON.parse(line) as AbandonedRun };
    started.push(run);
    return run;
  }
  throw new Error("it made nothing");
}

/** Its things that are there, in the order of {@link AbandonedRun}. */
function there({ namespace, processes, directory, mount }: AbandonedRun): boolean[] {
  return [
    readdirSync("/run/netns").includes(namespace),
    ...processes.map((pid) => isRunning(pid)),
    existsSync(directory),
    readFileSync("/proc/self/mounts", "utf8").includes(` ${mount} `),
  ];
}

let own: string;
beforeEach(() => {
  own = thisRun();
});
afterEach(async () => {
  process.env[RUN_VARIABLE] = own;
  for (const { child, made } of started.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
    await removeRun(made.mark);
  }
});

test("leftovers of a killed run are removed and reported with their place; a living run keeps everything", async () => {
  const [dead, living] = [await abandonedRun(), await abandonedRun()];
  dead.child.kill("SIGKILL");
  await dead.child.exited;
  expect([isOver(dead.made.mark), isOver(living.made.mark)]).toEqual([true, false]);
  expect([there(dead.made), there(living.made)]).toEqual([
    Array(6).fill(true),
    Array(6).fill(true),
  ]);
  const { processes } = remainsOf(dead.made.mark);
  for (const pid of dead.made.processes) expect(processes).toContain(pid);
  const told: string[] = [];
  await removeDeadRuns((line) => told.push(line));
  expect([there(dead.made), there(living.made)]).toEqual([
    Array(6).fill(false),
    Array(6).fill(true),
  ]);
  const [line] = told.filter((text) => text.includes(`process ${dead.child.pid}`));
  expect(line).toMatch(
    /^an earlier run, process \d+, which was last in suite abandoned, left \d processes, 1 network namespace, 1 directory: removed$/,
  );
  expect(told.some((text) => text.includes(`process ${living.child.pid}`))).toBe(false);
});

test("a run whose number was given to another process is over, and one of another process namespace is not", async () => {
  const [pid, start, namespace] = beginRun().split(".");
  expect(isOver(`${pid}.${start}.${namespace}`)).toBe(false);
  expect(isOver(`${pid}.${start}0.${namespace}`)).toBe(true);
  const child = Bun.spawn(["true"]);
  await child.exited;
  expect(isOver(`${child.pid}.1.${namespace}`)).toBe(true);
  expect(isOver(`${child.pid}.1.${namespace}z`)).toBe(false);
  for (const text of ["", "1", "../..", "a.b.c"]) expect(isOver(text)).toBe(false);
});

test("a process takes over the mark that it was started with, unless that run is over", () => {
  const [, , namespace] = own.split(".");
  const start = Number(processStat(1)?.startTicks).toString(36);
  process.env[RUN_VARIABLE] = `1.${start}.${namespace}`;
  expect(thisRun()).toStartWith("1.");
  process.env[RUN_VARIABLE] = `1.1.${namespace}`;
  expect(thisRun()).toStartWith(`${process.pid}.`);
  delete process.env[RUN_VARIABLE];
  expect(thisRun()).toStartWith(`${process.pid}.`);
});

test("names belong to their run, and to no other", async () => {
  const mark = beginRun();
  expect(runOfName(runName("n0"))).toBe(mark);
  expect(runOfName(basename(runDirectory(mark)))).toBe(mark);
  const foreign = ["wmt", "wmt12n3", "wmt1.2", "wmt1.2.F", `x${runName("n0")}`, "wingman-rig-7"];
  for (const name of foreign) expect(runOfName(name)).toBeNull();
  const directory = scratchDirectory("names");
  expect(remainsOf(mark).directories).toEqual([directory]);
  expect(remainsText(await removeRun(mark))).toBe("1 directory");
  expect(existsSync(directory)).toBe(false);
});

test("a daemon's child, which has an environment of its own, is known by its paths", async () => {
  const script = "while :; do sleep 1; done";
  const path = join("/tmp", runName("x"), "config.json");
  const child = Bun.spawn(["env", "-i", "sh", "-c", script, path], {
    stdio: ["ignore", null, null],
  });
  try {
    await until("it has its own environment", () =>
      remainsOf(thisRun()).processes.includes(child.pid),
    );
    expect(remainsOf("1.0.0").processes).not.toContain(child.pid);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test("a part ends with its run, and its processes belong to no other", () => {
  const mark = beginRun();
  const parts = [partOf(mark, 0), partOf(mark, 1)];
  expect([mark, ...parts].map(isOver)).toEqual([false, false, false]);
  const over = partOf(mark.replace(/^\d+/, "1"), 0);
  expect(isOver(over)).toBe(true);
  for (const part of parts) {
    process.env[RUN_VARIABLE] = part;
    expect([thisRun(), runOfName(runName("n0"))]).toEqual([part, part]);
  }
});

test("inside the directory of the run names are short", () => {
  const mark = beginRun();
  const directory = runDirectory(mark);
  mkdirSync(directory);
  try {
    expect(basename(scratchDirectory("x", directory))).toMatch(/^x-\w{6}$/);
    expect(basename(scratchDirectory("x", "/tmp"))).toMatch(/^wmt\d+\.\w+\.\w+-x-\w{6}$/);
  } finally {
    for (const path of remainsOf(mark).directories) rmSync(path, { recursive: true });
  }
});
