/** Processes that Wingman may not signal, and orphans that no other process collects. */
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processIds, processStat } from "../../src/supervisor/process-stat.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import { FIELD_TABLE, Field } from "./field.ts";

let field: Field;
afterEach(() => field.close());

/**
 * Without the right to signal the processes of other users, as under a unit that lacks CAP_KILL.
 */
const WITHOUT_KILL = ["setpriv", "--bounding-set=-kill"];

/** Becomes another user, as services do that have bound their port. */
const BECOMES_NOBODY = (pidFile: string) => [
  ...["/usr/bin/env", "python3", "-c"],
  `import os, time
open(${JSON.stringify(pidFile)}, "w").write(str(os.getpid()))
os.setgroups([]); os.setgid(65534); os.setuid(65534)
time.sleep(1000)`,
];

test.each([[WITHOUT_KILL], [[]]])(
  "a process that became another user (%j): drain and SIGTERM end in time, and the others move",
  async (launcher) => {
    field = new Field();
    const pidFile = join(field.directory, "pid");
    const common = { required: 10, priority: 9, stopGraceMs: 100, start: "on-activate" };
    field.a.launcher = launcher;
    field.start({
      ...FIELD_TABLE,
      functions: [
        { ...common, id: "map", vips: ["10.44.1.1/16"], command: BECOMES_NOBODY(pidFile) },
        { ...common, id: "games", vips: ["10.44.1.2/16"], command: ["/bin/sleep", "1000"] },
      ],
    });
    await field.settled();
    for (const id of ["map", "games"])
      await until(`${id} is somewhere`, () => field.ownerOf(id) !== null);
    const bystander = field.ownerOf("games");
    if (field.ownerOf("map") !== "a") field.b.drain();
    await until("the map is on a", () => field.ownerOf("map") === "a");
    field.b.command("resume");
    await until("it runs as another user", () => {
      const pid = readFileSync(pidFile, "utf8");
      if (!existsSync(`/proc/${pid}`)) return false; // it has just moved here
      return /^Uid:\s*65534/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
    });
    const pid = Number(readFileSync(pidFile, "utf8"));
    expect(bystander).not.toBeNull();
    const startedAtMs = performance.now();
    expect(field.a.drain().code).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(10_000);
    await until("all is on b", () => ["map", "games"].every((id) => field.ownerOf(id) === "b"));
    const isLeft = launcher.length > 0;
    if (isLeft) {
      expect(await field.fault(field.a, "WNG-0483")).toMatch(/WNG-0483 .*\n {2}ACTIVE/);
      const [own] = field.faults(field.b).split("SERVER a:"); // what a has stands below
      expect(own).not.toContain("WNG-0483");
    }
    const leftAtMs = performance.now();
    expect(await field.a.stop()).toBe(0);
    expect(performance.now() - leftAtMs).toBeLessThan(10_000);
    expect(field.a.log).not.toMatch(/^\s+at |Error/m);
    if (isLeft) signal(pid, "SIGKILL");
  },
);

/** Leaves many children behind, like scripts that start background processes. */
const LEAVES_ORPHANS = [
  ...["/bin/sh", "-c"],
  "while :; do (/bin/true & /bin/sleep 0.05 & /bin/true &); sleep 0.02; done",
];

/** Zombies among the children of a process, and orphans that it took over. */
function zombiesOf(parent: number): number {
  return processIds().filter((pid) => {
    const stat = processStat(pid);
    return stat?.parent === parent && stat.state === "Z";
  }).length;
}

test.each([
  ["process 1 of a container", ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]],
  ["no process 1: orphans fall to it all the same", []],
])("%s: what functions leave behind is collected", async (_, launcher) => {
  field = new Field();
  field.a.launcher = launcher;
  const map = { id: "map", required: 10, priority: 9, vips: ["10.44.1.1/16"], stopGraceMs: 100 };
  field.a.start({ ...FIELD_TABLE, functions: [{ ...map, command: LEAVES_ORPHANS }] });
  const child = (pid: number) => processIds().find((one) => processStat(one)?.parent === pid);
  const pid = () => (launcher.length > 0 ? (child(field.a.pid) ?? 0) : field.a.pid);
  // Not by its status: that is for commands beside it, which know its processes by their numbers.
  await until("the function runs", () => field.a.log.includes("FUNCTION UP HERE: map"));
  // It leaves some hundred behind in that time. Only what has just ended may wait.
  let most = 0;
  for (let look = 0; look < 15; look++) {
    await Bun.sleep(200);
    most = Math.max(most, zombiesOf(pid()));
  }
  expect(most).toBeLessThan(60);
  expect(field.a.log).not.toContain("unexpected");
  const adopted = processIds().filter((one) => processStat(one)?.parent === pid());
  expect(adopted.length).toBeGreaterThan(2); // engine, manage, the function, and orphans
});
