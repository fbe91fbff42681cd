import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { partFolder } from "./part-folder.ts";

test("is new and empty; what a dead process left goes, what a living one makes stays", () => {
  const parent = scratchDirectory("part");
  try {
    const { pid: dead } = Bun.spawnSync(["true"]);
    const others = [`.part-${dead}`, `.part-${process.ppid}`, ".part-of-mine", "wingman"];
    for (const name of others) mkdirSync(join(parent, name));
    writeFileSync(join(partFolder(parent), "half"), "");
    const folder = partFolder(parent);
    expect(readdirSync(folder)).toEqual([]);
    const left = [`.part-${process.pid}`, ...others.slice(1)];
    expect(readdirSync(parent).sort()).toEqual(left.sort());
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});
