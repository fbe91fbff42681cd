/**
 * The power fails while the log is written: the content of the storage is then composed of the file
 * before and the file after, cut at every byte, or torn by sectors and pages, some of which were
 * written. Nothing that was acknowledged may be lost.
 */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LOG_STALLED } from "../../src/boundary/maintenance-code.ts";
import { LogImage } from "../../src/manage/log/log-image.ts";
import type { LogEntry } from "../../src/manage/maintenance.ts";
import { LOG_RECORD_BYTES } from "../../src/wire/log-record.ts";
import { open, scratchInMemory } from "../harness/log-on-disk.ts";

const HOUR_US = 3_600_000_000;

let directory: string;
let file: string;
beforeEach(() => {
  // In memory: what is tested is what the file holds, not how it came there.
  directory = scratchInMemory();
  file = join(directory, "maintenance.log");
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** The file before and after one write of `count` records, behind `before` others. */
function write(before: number, count: number): { old: Uint8Array; young: Uint8Array } {
  const log = open(directory);
  for (let i = 1; i <= before; i++) log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
  log.sync();
  const old = new Uint8Array(readFileSync(file));
  for (let i = before + 1; i <= before + count; i++) log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
  log.sync();
  const young = new Uint8Array(readFileSync(file));
  log.close();
  return { old, young };
}

/** First and last byte that differ, widened to whole records. */
function changed(old: Uint8Array, young: Uint8Array): [number, number] {
  let from = 0;
  while (old[from] === young[from]) from++;
  let to = old.length;
  while (old[to - 1] === young[to - 1]) to--;
  return [from - (from % LOG_RECORD_BYTES), Math.ceil(to / LOG_RECORD_BYTES) * LOG_RECORD_BYTES];
}

/**
 * A machine that is switched on again with `bytes`: all of `acknowledged` is there unchanged, at
 * most `tornMax` records are skipped and reported, and the log continues with unused numbers.
 */
function survives(bytes: Uint8Array, acknowledged: readonly LogEntry[], tornMax: number): void {
  writeFileSync(file, bytes);
  const read = new LogImage(file, bytes).entries();
  const bySequence = new Map(read.map((entry) => [entry.sequence, entry]));
  for (const entry of acknowledged) expect(bySequence.get(entry.sequence)).toEqual(entry);
  const log = open(directory, { bootId: "boot-2", session: 8 });
  expect(log.problem).toBeNull();
  const { damaged } = log.storage();
  expect(damaged).toBeLessThanOrEqual(tornMax);
  const told = log.entries().filter(({ code }) => code === 421);
  expect(told.map(({ detail }) => detail)).toEqual(damaged === 0 ? [] : [`${damaged} places`]);
  const newest = Math.max(...read.map(({ sequence }) => sequence));
  log.take(1, LOG_STALLED, 1, 0, HOUR_US);
  expect(log.sync()).toBe(1);
  const after = LogImage.read(file);
  expect(after.damagedPlaces()).toEqual([]);
  expect(after.entries().at(-1)?.sequence).toBe(newest + (damaged === 0 ? 2 : 3));
  expect(after.header.powerOn).toBe(2);
  log.close();
}

/** Content of the storage that this write does not overwrite. */
function acknowledgedBefore(old: Uint8Array, from: number, to: number): LogEntry[] {
  const kept = old.slice();
  kept.fill(0, from, to);
  return new LogImage("old", kept).entries();
}

describe.each([
  ["into empty places", 5],
  ["over the oldest records", 150],
] as const)("two records written %s", (_, before) => {
  test("cut at every byte", () => {
    const { old, young } = write(before, 2);
    const [from, to] = changed(old, young);
    expect(to - from).toBe(2 * LOG_RECORD_BYTES);
    const acknowledged = acknowledgedBefore(old, from, to);
    for (let at = from; at <= to; at++) {
      rmSync(file);
      const bytes = old.slice();
      bytes.set(young.subarray(from, at), from);
      survives(bytes, acknowledged, 1);
      // The first of the two is whole as soon as its last byte is there.
      if (at >= from + LOG_RECORD_BYTES)
        expect(
          LogImage.read(file)
            .entries()
            .some(({ detail }) => detail === `${before + 1} ms`),
        ).toBe(true);
    }
  });

  test("and the file ends at every byte", () => {
    const { old, young } = write(before, 2);
    const [from, to] = changed(old, young);
    const acknowledged = acknowledgedBefore(old.slice(0, from), from, to);
    for (let at = from; at <= to; at += 1) {
      rmSync(file);
      survives(young.slice(0, at), acknowledged, Number.POSITIVE_INFINITY);
    }
  });
});

test("36 records over the end of the ring, of which any sectors or pages did not come: no record is torn", () => {
  const { old, young } = write(67, 36); // over the end of the ring
  const differing = (size: number): number[] => {
    const units: number[] = [];
    for (let at = 0; at < old.length; at += size) {
      if (!Buffer.from(old.subarray(at, at + size)).equals(young.subarray(at, at + size)))
        units.push(at);
    }
    return units;
  };
  let seed = 1;
  const coin = (): boolean => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed & 0x10000) !== 0;
  };
  for (const size of [512, 4096]) {
    const units = differing(size);
    expect(units.length).toBeGreaterThanOrEqual(3);
    const samples = size === 4096 ? 1 << units.length : 200;
    for (let sample = 0; sample < samples; sample++) {
      const bytes = old.slice();
      let acknowledged = new LogImage("old", old).entries();
      for (const [index, at] of units.entries()) {
        const came = size === 4096 ? (sample & (1 << index)) !== 0 : coin();
        if (!came) continue;
        bytes.set(young.subarray(at, at + size), at);
        const gone = new LogImage(
          "old",
          old.slice().fill(0, at, at + size) as Uint8Array,
        ).entries();
        const goneSequences = new Set(gone.map(({ sequence }) => sequence));
        acknowledged = acknowledged.filter(({ sequence }) => goneSequences.has(sequence));
      }
      const kept = new Set(new LogImage("young", young).entries().map(({ sequence }) => sequence));
      rmSync(file);
      survives(
        bytes,
        acknowledged.filter(({ sequence }) => kept.has(sequence)),
        0,
      );
    }
  }
});

test("a sample of other writes, cut anywhere", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let sample = 0; sample < 150; sample++) {
    rmSync(file, { force: true });
    const { old, young } = write(random(200), 1 + random(30));
    // Across the end of the ring the write has two parts; the second begins at the start of the
    // ring.
    const parts = old.map((byte, at) => (byte === young[at] ? 0 : 1));
    const places = new Set<number>();
    for (const [at, differs] of parts.entries())
      if (differs === 1) places.add(Math.floor(at / LOG_RECORD_BYTES));
    const inOrder = [...places].sort((a, b) => a - b);
    const cut = random(inOrder.length);
    const bytes = old.slice();
    for (const place of inOrder.slice(0, cut))
      bytes.set(young.subarray(place * 256, place * 256 + 256), place * 256);
    const torn = inOrder[cut] as number;
    bytes.set(young.subarray(torn * 256, torn * 256 + random(257)), torn * 256);
    const untouched = old.slice();
    for (const place of inOrder) untouched.fill(0, place * 256, place * 256 + 256);
    rmSync(file);
    survives(bytes, new LogImage("old", untouched).entries(), 1);
  }
});

test("the header cut at every byte of both its copies: the file is the same, and its power-ons go on", () => {
  open(directory).close();
  const old = new Uint8Array(readFileSync(file));
  open(directory, { bootId: "boot-2" }).close();
  const young = new Uint8Array(readFileSync(file));
  const { identity } = new LogImage("old", old).header;
  for (const copy of [0, 4096]) {
    for (let at = 0; at <= 256; at++) {
      const bytes = old.slice();
      if (copy > 0) bytes.set(young.subarray(0, 256), 0);
      bytes.set(young.subarray(copy, copy + at), copy);
      writeFileSync(file, bytes);
      const { header } = LogImage.read(file);
      expect(header.identity).toBe(identity);
      expect([1, 2]).toContain(header.powerOn);
      const log = open(directory, { bootId: "boot-3" });
      expect(log.storage().powerOn).toBe(header.powerOn + 1);
      expect(log.entries().length).toBe(3);
      log.close();
      expect(readdirSync(directory)).toEqual(["maintenance.log"]);
    }
  }
});

test("a file that was being begun, or being given another size, is begun again", () => {
  writeFileSync(`${file}.new`, new Uint8Array(10_000));
  let log = open(directory);
  log.take(1, LOG_STALLED, 1, 0, HOUR_US);
  log.close();
  writeFileSync(`${file}.new`, new Uint8Array(10_000));
  log = open(directory, { sizeKiB: 128 });
  expect(log.entries().map(({ code }) => code)).toEqual([400, 301, 402, 401, 425]);
  log.close();
  expect(readdirSync(directory)).toEqual(["maintenance.log"]);
});
