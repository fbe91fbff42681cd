import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_STALLED,
} from "../../src/boundary/maintenance-code.ts";
import { LOG_ARCHIVES_MAX } from "../../src/limits.ts";
import { exportLog } from "../../src/manage/log/log-export.ts";
import { LogImage, NoLogError } from "../../src/manage/log/log-image.ts";
import { verifyLog } from "../../src/manage/log/log-verify.ts";
import { open, scratchInMemory } from "../harness/log-on-disk.ts";
import { SeededRandom } from "../harness/seeded-random.ts";

const HOUR_US = 3_600_000_000;

let directory: string;
let file: string;
beforeEach(() => {
  directory = scratchInMemory();
  file = join(directory, "maintenance.log");
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/**
 * Some bytes changed, a part overwritten, the file cut, made longer, shifted, or nothing but noise.
 */
function spoil(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const noise = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => random.below(256));
  const spoilt = bytes.slice();
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      for (let i = 0; i < 50; i++) spoilt[random.below(bytes.length)] = random.below(256);
      return spoilt;
    case 1:
      spoilt.set(noise(Math.min(5000, bytes.length - at)), at);
      return spoilt;
    case 2:
      return spoilt.slice(0, at);
    case 3:
      return Buffer.concat([spoilt, noise(random.below(10_000))]);
    case 4:
      return Buffer.concat([
        spoilt.subarray(0, at),
        noise(1 + random.below(300)),
        spoilt.subarray(at),
      ]);
    default:
      return noise(random.below(20_000));
  }
}

test("whatever the file holds, nothing throws, whole records are read, and the log continues", () => {
  let log = open(directory);
  for (let i = 1; i <= 60; i++) {
    if (i % 20 === 0) log.ground(i % 40 === 0, i * HOUR_US);
    log.take(
      i,
      [LOG_STALLED, LOG_SERVER_LOST, LOG_SERVER_ALIVE][i % 3] as number,
      1,
      0,
      i * HOUR_US,
    );
  }
  log.close();
  const whole = new Uint8Array(readFileSync(file));
  const known = new Map(
    new LogImage(file, whole).entries().map((entry) => [entry.sequence, entry]),
  );
  const exported = Buffer.from(exportLog(new LogImage(file, whole), "text"));
  const random = new SeededRandom(1);
  let reads = 0;
  for (let round = 0; round < 400; round++) {
    const bytes = spoil(whole, random);
    try {
      const image = new LogImage(file, bytes);
      for (const entry of image.entries()) expect(known.get(entry.sequence)).toEqual(entry);
      for (const format of ["text", "csv", "json"] as const) exportLog(image, format);
      reads++;
    } catch (error) {
      if (!(error instanceof NoLogError)) throw error;
    }
    expect(typeof verifyLog(file, bytes).summary).toBe("string");
    expect(verifyLog(file, spoil(exported, random)).problems.length).toBeGreaterThan(0);
    writeFileSync(file, bytes);
    log = open(directory, { session: round, bootId: `boot-${round}` });
    expect(log.problem).toBeNull();
    log.take(1, LOG_STALLED, 1, 0, 100 * HOUR_US);
    expect(log.sync()).toBe(1);
    log.close();
    expect(verifyLog(file, new Uint8Array(readFileSync(file))).problems).toEqual([]);
    expect(readdirSync(directory).length).toBeLessThanOrEqual(1 + LOG_ARCHIVES_MAX);
  }
  expect(reads).toBeGreaterThan(100);
});
