import { expect, test } from "bun:test";
import { rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { until } from "../../test/harness/until.ts";
import { groupIsAlive, signalGroup, signalProcess } from "./process-group.ts";
import { processStat } from "./process-stat.ts";

test("a group lives as long as one of its processes, with or without its leader", async () => {
  const leader = Bun.spawn(["sh", "-c", "sleep 1000 & exit 0"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
  });
  await leader.exited;
  expect(groupIsAlive(leader.pid)).toBe(true);
  signalGroup(leader.pid, "SIGKILL");
  await until("the end of the group", () => !groupIsAlive(leader.pid));
  signalGroup(leader.pid, "SIGKILL"); // nobody is there: no error
  signalProcess(leader.pid, "SIGTERM");
});

test("a zombie that nobody collects is not alive", async () => {
  // The child leads a group of its own and ends; its parent, a sleep, never asks for its end.
  const parent = Bun.spawn(["sh", "-c", "setsid sh -c 'echo $$' & exec sleep 1000 >&-"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    const zombie = Number(await parent.stdout.text());
    await until("its end", () => !groupIsAlive(zombie));
    expect(() => process.kill(-zombie, 0)).not.toThrow(); // it is still there
  } finally {
    parent.kill("SIGKILL");
    await parent.exited;
  }
});

test("a process may have any name, one that looks like the rest of its entry, too", async () => {
  const directory = scratchDirectory("group");
  const program = join(directory, "a) Z 1 1 1");
  symlinkSync(Bun.which("sleep") as string, program);
  const named = Bun.spawn([program, "1000"], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore"],
  });
  try {
    expect(processStat(named.pid)).toMatchObject({ group: named.pid, parent: process.pid });
    expect(groupIsAlive(named.pid)).toBe(true);
  } finally {
    named.kill("SIGKILL");
    await named.exited;
    rmSync(directory, { recursive: true });
  }
});

test("the numbers with which kill(2) means everybody are never signalled", () => {
  for (const number of [0, 1, -1]) {
    expect(() => signalGroup(number, "SIGCONT")).toThrow();
    expect(() => signalProcess(number, "SIGCONT")).toThrow();
  }
});
