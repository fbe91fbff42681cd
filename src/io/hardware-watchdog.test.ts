/** This kernel need not have a watchdog: a FIFO and a terminal stand for one. */
import { afterAll, expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { EAGAIN, EPIPE } from "./errno.ts";
import { HardwareWatchdog } from "./hardware-watchdog.ts";

const ENOTTY = 25;
const directory = scratchDirectory("watchdog");
afterAll(() => rmSync(directory, { recursive: true }));

let fifos = 0;
function fifo(): string {
  const path = join(directory, `fifo${fifos++}`);
  if (Bun.spawnSync(["mkfifo", path]).exitCode !== 0) throw new Error("mkfifo");
  return path;
}

test("each feeding is one byte, the last one the magic close", () => {
  const path = fifo();
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const watchdog = new HardwareWatchdog(path, 12);
  expect([watchdog.refused, watchdog.timeoutS]).toEqual([ENOTTY, 12]);
  expect([watchdog.feed(), watchdog.feed()]).toEqual([0, 0]);
  watchdog.disarm();
  const bytes = Buffer.alloc(16);
  const read = readSync(reader, bytes);
  expect(bytes.subarray(0, read).toString()).toBe("..V");
  expect(readSync(reader, bytes)).toBe(0); // closed
  closeSync(reader);
});

test("a device that takes nothing is never waited for; one that is gone is told", () => {
  const path = fifo();
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const watchdog = new HardwareWatchdog(path, 12);
  let error = 0;
  for (let bytes = 0; error === 0 && bytes < 10_000_000; bytes++) error = watchdog.feed();
  expect(error).toBe(EAGAIN);
  closeSync(reader);
  expect(watchdog.feed()).toBe(EPIPE);
});

test("a character device that is no watchdog is used", () => {
  const watchdog = new HardwareWatchdog("/dev/null", 10);
  expect([watchdog.refused, watchdog.feed()]).toEqual([ENOTTY, 0]);
  watchdog.disarm();
});

test("what cannot be a device is named", () => {
  const file = join(directory, "file");
  writeFileSync(file, "");
  const made = (path: string) => (): HardwareWatchdog => new HardwareWatchdog(path, 10);
  expect(made(join(directory, "none"))).toThrow(/maintenance\.watchdog: open: .*ENOENT.*none/);
  expect(made(file)).toThrow("a file that is no device, expected a watchdog device");
  expect(made(fifo())).toThrow("ENXIO"); // nobody reads it
});
