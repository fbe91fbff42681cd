import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  LOG_FUNCTION_UP,
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_STALLED,
} from "../../src/boundary/maintenance-code.ts";
import { LOG_LEG_PLACES } from "../../src/limits.ts";
import { open, scratch } from "../harness/log-on-disk.ts";

const HOUR_US = 3_600_000_000;
const SIZE_KIB = 4096;
const OTHER_PLACES = (SIZE_KIB * 1024 - 8192) / 256 - LOG_LEG_PLACES;
/** The product's figure is 2 s (`wingman help measured`); machines that run the tests are slower and busy. */
const LIMIT_MS = 15_000;

const MAIN = join(import.meta.dir, "../../src/main.ts");

let directory: string;
beforeAll(() => {
  directory = scratch();
  const log = open(directory, { sizeKiB: SIZE_KIB });
  let delivery = 0;
  for (let leg = 1; leg <= 100; leg++) {
    log.ground(false, leg * 100 * HOUR_US);
    for (let i = 0; i < 60; i++) {
      const nowUs = (leg * 100 + i) * HOUR_US;
      log.take(++delivery, LOG_FUNCTION_UP, i % 12, 0, nowUs);
      log.take(++delivery, LOG_SERVER_LOST, 1, 0, nowUs);
      log.take(++delivery, LOG_SERVER_ALIVE, 1, 0, nowUs);
      log.take(++delivery, LOG_STALLED, 300, 0, nowUs);
    }
    log.ground(true, (leg * 100 + 70) * HOUR_US);
    log.sync();
  }
  expect(log.storage()).toMatchObject({ records: OTHER_PLACES + LOG_LEG_PLACES, lost: 0 });
  log.close();
});
afterAll(() => {
  rmSync(directory, { recursive: true, force: true });
});

test.each([
  ["--text", 40],
  ["--csv", 1],
  ["--json", 1],
  ["--binary", 0],
] as const)("a log of the full size is exported and verifies: %s", (format) => {
  const file = join(directory, `export${format}`);
  const wingman = (...args: string[]) => Bun.spawnSync([process.execPath, MAIN, "log", ...args]);
  const beganMs = performance.now();
  const child = wingman("--state-dir", directory, format, "--out", file);
  const tookMs = performance.now() - beganMs;
  expect(child.stderr.toString()).toBe("");
  expect(child.exitCode).toBe(0);
  expect(tookMs).toBeLessThan(LIMIT_MS);
  expect(readFileSync(file).length).toBeGreaterThan(1_000_000);
  const verdict = wingman("verify", file);
  expect(verdict.stdout.toString()).toContain(": whole (");
  expect(verdict.exitCode).toBe(0);
  if (process.env.WINGMAN_FIGURES !== undefined) {
    console.log(`${format} ${Math.round(tookMs)} ms, ${readFileSync(file).length} bytes`);
  }
});
