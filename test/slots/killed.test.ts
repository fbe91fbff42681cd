/**
 * `wingman part install` and `activate`, and the `wingman take` of a data load, are killed by
 * strace at each of their system calls that change the disk: every time a complete slot is started,
 * and the next try succeeds.
 */
import { afterAll, expect, test } from "bun:test";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ACCEPT_LOAD } from "../../src/manage/load-message.ts";
import { slotManifest, verifySlot } from "../../src/slots/slot-contents.ts";
import { SlotStore } from "../../src/slots/slot-store.ts";
import { SlotsDirectory, WINGMAN } from "./slots-directory.ts";

const CALLS = [
  "mkdir",
  "openat",
  "write",
  "chmod",
  "fchmod",
  "fsync",
  "rename",
  "symlink",
  "unlink",
  "rmdir",
];
/** Opening to read is no change, and most of what a program opens when it starts. */
const CALLS_OF_START = 400;
const directory = new SlotsDirectory();
const one = directory.pack("build-1");
const two = directory.pack("build-2");
afterAll(() => directory.close());

const store = new SlotStore(directory.slots);
const isWhole = (slot: "a" | "b"): boolean => {
  if (slotManifest(store.path(slot)) === null) return false;
  verifySlot(store.path(slot), directory.keys);
  return true;
};

/** Kills the command at its `count`-th call of that kind. @returns whether it came that far */
function killedAt(call: string, count: number, command: readonly string[]): boolean {
  const answer = directory.run([
    ...["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`],
    ...["-e", `inject=${call}:signal=KILL:when=${count}`, WINGMAN, "part", ...command],
    ...["--config", "aircraft.json"],
  ]);
  return answer.code !== 0;
}

function begin(): void {
  directory.clear();
  for (const command of [["install", one], ["activate"], ["good"]])
    expect(directory.part(...command)).toMatchObject({ code: 0, err: "" });
}

test("install", () => {
  begin();
  let kills = 0;
  for (const call of CALLS) {
    for (let count = 1; count < CALLS_OF_START; count++) {
      if (call === "openat" && count < 20) continue;
      if (!killedAt(call, count, ["install", two])) break;
      kills++;
      expect(store.current).toBe("a");
      expect(isWhole("a")).toBe(true);
      isWhole("b"); // empty, or whole: otherwise it throws
      expect(store.trial).toBeNull();
    }
  }
  expect(kills).toBeGreaterThan(30);
  expect(directory.part("install", two)).toMatchObject({ code: 0 });
  expect(isWhole("b")).toBe(true);
  expect(directory.part("status").out).not.toContain("rolled back");
});

test("activate", () => {
  let kills = 0;
  for (const call of ["write", "fsync", "rename", "symlink", "unlinkat"]) {
    for (let count = 1; count < CALLS_OF_START; count++) {
      begin();
      expect(directory.part("install", two)).toMatchObject({ code: 0 });
      if (!killedAt(call, count, ["activate"])) break;
      kills++;
      const boot = directory.part("boot");
      expect(boot.code).toBe(0);
      expect(isWhole(store.current as "a" | "b")).toBe(true);
      // A part that was not activated is not on trial; an activated one has used the first of its
      // starts.
      expect(store.trial?.startsLeft ?? null).toBe(store.current === "b" ? 2 : null);
    }
  }
  expect(kills).toBeGreaterThan(5);
});

/** A load as a data loader brings it: the files of a part without the lists of a medium. */
function layLoad(): string {
  const load = directory.file("load");
  rmSync(load, { recursive: true, force: true });
  cpSync(two, load, { recursive: true });
  for (const name of readdirSync(load)) if (name.endsWith(".LUM")) rmSync(join(load, name));
  return load;
}

const take = (load: string): string[] => [
  ...[WINGMAN, "take", "--config", directory.file("aircraft.json")],
  ...["--directory", directory.path, "--load", load],
];

/** `take`, and the answer to its question. @returns whether it came to its end */
async function taken(load: string, ...prefix: string[]): Promise<boolean> {
  const child = Bun.spawn([...prefix, ...take(load)], { stdio: ["pipe", "pipe", "ignore"] });
  let said = "";
  for await (const bytes of child.stdout) {
    said += Buffer.from(bytes).toString();
    if (said.endsWith('{"asks":true}\n')) child.stdin.write(ACCEPT_LOAD);
  }
  child.stdin.end();
  return (await child.exited) === 0 && said.includes('"accepted":true');
}

test("take", async () => {
  begin();
  let kills = 0;
  for (const call of ["mkdir", "fchmod", "chmod", "fsync", "rename", "unlink", "rmdir"]) {
    for (let count = 1; count < CALLS_OF_START; count++) {
      const load = layLoad();
      const inject = `inject=${call}:signal=KILL:when=${count}`;
      const prefix = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`];
      if (await taken(load, ...prefix, "-e", inject)) break;
      kills++;
      expect(store.current).toBe("a");
      expect(isWhole("a")).toBe(true);
      isWhole("b"); // empty, or whole: otherwise it throws
      expect(directory.run([...take(load), "--clean"])).toMatchObject({ code: 0, err: "" });
      isWhole("b");
      expect(store.unsettled.filter((path) => existsSync(path))).toEqual([]);
      expect(existsSync(load)).toBe(false);
    }
  }
  expect(kills).toBeGreaterThan(10);
  expect(await taken(layLoad())).toBe(true);
  expect(isWhole("b")).toBe(true);
}, 300_000);
