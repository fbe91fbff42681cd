/**
 * Records of the format of blklogwrites, made by hand: what a power cut may leave, and what not.
 */
import { afterAll, expect, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import { DiskRecord } from "./disk-record.ts";
import { cutPlaces, eachCut } from "./power-cuts.ts";

const SECTOR = 512;
const directory = scratchDirectory("power-cuts");
afterAll(() => rmSync(directory, { recursive: true }));

/** A write of sectors that all hold one byte, a forced one, or a flush. */
type Made = readonly [at: number, sectors: number, value: number] | "flush";

function record(...made: Made[]): DiskRecord {
  const head = (sector: number, sectors: number, flags: number): Buffer => {
    const bytes = Buffer.alloc(SECTOR);
    [sector, sectors, flags].forEach((field, place) => {
      bytes.writeBigUInt64LE(BigInt(field), 8 * place);
    });
    return bytes;
  };
  const superblock = Buffer.alloc(SECTOR);
  superblock.writeBigUInt64LE(0x6a736677736872n, 0);
  superblock.writeBigUInt64LE(1n, 8);
  superblock.writeUInt32LE(SECTOR, 24);
  const parts = made.flatMap((entry) => {
    if (entry === "flush") return [head(0, 0, 1)];
    const [at, sectors, value] = entry;
    return [head(at, sectors, 0), Buffer.alloc(sectors * SECTOR, value)];
  });
  const file = join(directory, "record");
  // QEMU's file has holes behind what it wrote.
  writeFileSync(file, Buffer.concat([superblock, ...parts, Buffer.alloc(4 * SECTOR)]));
  return new DiskRecord(file);
}

/** The first byte of each sector of the disk, after each of the cuts. */
async function disks(of: DiskRecord, places: number[], seed: number): Promise<number[][]> {
  const pristine = join(directory, "pristine");
  writeFileSync(pristine, Buffer.alloc(8 * SECTOR));
  const image = join(directory, "image");
  const found: number[][] = [];
  await eachCut(of, pristine, image, places, new SeededRandom(seed), async () => {
    const bytes = readFileSync(image);
    found.push(Array.from({ length: 8 }, (_, sector) => bytes[sector * SECTOR] ?? -1));
  });
  return found;
}

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

test("flushed data is there after every cut", async () => {
  const made = record([0, 2, 1], "flush", [2, 2, 2], [4, 1, 3]);
  for (const seed of SEEDS)
    for (const disk of await disks(made, [2, 3, 4], seed)) expect(disk.slice(0, 2)).toEqual([1, 1]);
});

test("each unflushed sector is there or not, independently", async () => {
  const made = record("flush", [2, 2, 2]);
  const seen = new Set<string>();
  for (const seed of SEEDS) for (const disk of await disks(made, [2], seed)) seen.add(String(disk));
  const ends = ["0,0", "0,2", "2,0", "2,2"].map((middle) => `0,0,${middle},0,0,0,0`);
  expect([...seen].sort()).toEqual(ends);
});

test("nothing is there that had not been written by then, and an old sector is not mixed with it", async () => {
  const made = record([1, 1, 5], "flush", [1, 1, 6], "flush", [1, 1, 7]);
  const after = await disks(made, [1, 2, 3, 4, 5], 3);
  const allowed = [[0, 5], [5], [5, 6], [6], [6, 7]];
  after.forEach((disk, cut) => {
    expect(allowed[cut]).toContain(disk[1] as number);
  });
});

test("cuts come after every flush, and at as many other places as asked for", () => {
  const made = record([0, 1, 1], "flush", [1, 1, 1], [2, 1, 1], "flush", [3, 1, 1], [4, 1, 1]);
  expect(cutPlaces(made, 0, new SeededRandom(1))).toEqual([2, 5]);
  expect(cutPlaces(made, 3, new SeededRandom(1))).toHaveLength(5);
  expect(cutPlaces(made, 100, new SeededRandom(1))).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test("another file is no record", () => {
  const file = join(directory, "other");
  writeFileSync(file, Buffer.alloc(SECTOR));
  expect(() => new DiskRecord(file)).toThrow(
    "found no superblock, expected a record of blklogwrites",
  );
});
