/** The file of the log: the ring of its records, another size, and what damage leaves of it. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { open, scratch } from "../../../test/harness/log-on-disk.ts";
import { LOG_STALLED } from "../../boundary/maintenance-code.ts";
import { LOG_ARCHIVES_MAX } from "../../limits.ts";
import { LogImage } from "./log-image.ts";

const HOUR_US = 3_600_000_000;

let directory: string;
let file: string;
beforeEach(() => {
  directory = scratch();
  file = join(directory, "maintenance.log");
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe("the ring", () => {
  test("makes room out of its oldest records, and reads in order over its end", () => {
    let log = open(directory);
    for (let i = 1; i <= 500; i++) {
      log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
      if (i % 7 === 0) log.sync();
    }
    log.close();
    log = open(directory);
    const sequences = log.entries().map(({ sequence }) => sequence);
    expect(sequences).toEqual(Array.from({ length: 80 }, (_, i) => 503 - 79 + i));
    expect(log.storage()).toMatchObject({
      records: 80,
      oldestSequence: 424,
      newestSequence: 503,
      capacity: 224,
    });
    log.close();
  });

  test("of another size takes the newest records along, both ways", () => {
    let log = open(directory, { sizeKiB: 128 });
    for (let i = 1; i <= 200; i++) log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
    log.ground(false, 201 * HOUR_US);
    log.close();
    log = open(directory, { sizeKiB: 64 });
    expect(statSync(file).size).toBe(64 * 1024);
    expect(log.entries().at(-1)).toMatchObject({ code: 425, detail: "64", sequence: 205, leg: 1 });
    expect(log.legs()).toMatchObject([{ leg: 1 }]);
    const kept = log.entries().map(({ sequence }) => sequence);
    log.close();
    log = open(directory, { sizeKiB: 128 });
    const after = log.entries().map(({ sequence }) => sequence);
    expect(after.slice(0, kept.length - 1)).toEqual(kept.slice(1)); // "stopped" took one place
    expect(readdirSync(directory)).toEqual(["maintenance.log"]);
    log.close();
  });
});

describe("a damaged file", () => {
  function write(): void {
    const log = open(directory);
    for (let i = 1; i <= 10; i++) log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
    log.ground(false, 11 * HOUR_US);
    log.close();
  }

  function damage(...places: number[]): void {
    const bytes = readFileSync(file);
    for (const at of places) bytes[at] = (bytes[at] as number) ^ 0x10;
    writeFileSync(file, bytes);
  }

  test("loses only the damaged records; they are counted and reported once", () => {
    write();
    damage(8192 + (144 + 3) * 256 + 200, 8192 + (144 + 5) * 256);
    expect(LogImage.read(file).damagedPlaces()).toEqual([8192 + 147 * 256, 8192 + 149 * 256]);
    let log = open(directory);
    expect(log.entries().filter(({ code }) => code === 421)).toMatchObject([
      { detail: "2 places", class: 3 },
    ]);
    expect(log.storage().damaged).toBe(2);
    expect(
      log
        .entries()
        .map(({ sequence }) => sequence)
        .slice(0, 5),
    ).toEqual([1, 2, 3, 5, 7]);
    log.close();
    log = open(directory);
    expect(log.entries().filter(({ code }) => code === 421).length).toBe(1);
    expect(log.storage().damaged).toBe(2);
    log.close();
  });

  test("with one header reads as before, and has two again", () => {
    write();
    damage(20);
    const log = open(directory);
    expect(log.entries().length).toBe(14);
    log.close();
    damage(4096 + 20);
    expect(LogImage.read(file).entries().length).toBe(15);
  });

  test("that was truncated keeps the rest, and has its full size again", () => {
    write();
    truncateSync(file, 8192 + (144 + 4) * 256 + 100);
    const log = open(directory);
    expect(statSync(file).size).toBe(64 * 1024);
    expect(
      log
        .entries()
        .map(({ sequence }) => sequence)
        .slice(0, 4),
    ).toEqual([1, 2, 3, 4]);
    expect(log.storage().damaged).toBeGreaterThan(0);
    log.close();
  });

  test("without any header is archived; the new one continues the numbers", () => {
    write();
    damage(20, 4096 + 20);
    const log = open(directory);
    expect(readdirSync(directory).sort()).toEqual(["maintenance.log", "maintenance.log.corrupt-1"]);
    expect(log.entries().map(({ code, detail }) => [code, detail])).toEqual([
      ...[[400, "power-on 2"]],
      ...[[420, "maintenance.log.corrupt-1"]],
    ] as never);
    expect(log.entries()[0]).toMatchObject({ sequence: 14, leg: 1 });
    log.close();
  });

  test("is kept a few times, the newest of them", () => {
    for (let i = 0; i < LOG_ARCHIVES_MAX + 2; i++) {
      writeFileSync(file, `rubbish ${i}`);
      open(directory).close();
    }
    expect(readdirSync(directory).sort()).toEqual([
      "maintenance.log",
      ...["maintenance.log.corrupt-3", "maintenance.log.corrupt-4", "maintenance.log.corrupt-5"],
    ]);
  });
});
