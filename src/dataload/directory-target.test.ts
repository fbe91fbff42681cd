import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statfsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectoryTarget } from "./directory-target.ts";

const folder = mkdtempSync(join(tmpdir(), "wingman-target-"));
afterAll(() => rmSync(folder, { recursive: true }));
const directory = join(folder, "load");

const targetOf = (copies: string, judge = async () => ({ accepted: true, why: "" })) =>
  new DirectoryTarget({ directory, copies, cleaned: Promise.resolve(), judge });

const free = (path: string): number => statfsSync(path).bavail * statfsSync(path).bsize;

test("on one disk there is room for half: the load and its copy", async () => {
  const room = await targetOf(join(folder, "not", "there", "yet")).room();
  expect(room / (free(folder) / 2)).toBeWithin(0.9, 1.1);
});

test.skipIf(!existsSync("/dev/shm") || statSync("/dev/shm").dev === statSync(folder).dev)(
  "on two disks there is room for what fits each of them",
  async () => {
    const room = await targetOf("/dev/shm").room();
    expect(room / Math.min(free(folder), free("/dev/shm"))).toBeWithin(0.9, 1.1);
  },
);

test("nothing of a load stays, whatever becomes of it, and what lay there is gone before", async () => {
  for (const accepted of [true, false]) {
    mkdirSync(join(directory, "left"), { recursive: true });
    const seen: boolean[] = [];
    const target = targetOf(folder, async () => {
      seen.push(existsSync(join(directory, "A.BIN")), existsSync(join(directory, "left")));
      return { accepted, why: "why" };
    });
    await target.begin();
    await target.create("A.BIN");
    await target.write(new Uint8Array(3));
    await target.close();
    const way = { signal: new AbortController().signal, tell: () => {} };
    expect(await target.finish(way)).toEqual({ accepted, why: "why" });
    expect(seen).toEqual([true, false]);
    expect(existsSync(directory)).toBe(false);
  }
});

test("an upload waits until what an end half-way had left is cleared", async () => {
  const cleaning = Promise.withResolvers<void>();
  const judge = async () => ({ accepted: true, why: "" });
  const target = new DirectoryTarget({
    ...{ directory, copies: folder, cleaned: cleaning.promise, judge },
  });
  const begun = target.begin();
  await Bun.sleep(20);
  expect(existsSync(directory)).toBe(false);
  cleaning.resolve();
  await begun;
  expect(existsSync(directory)).toBe(true);
  await target.abort();
});
