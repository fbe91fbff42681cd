/** This kernel need not have a watchdog: a FIFO and a terminal stand for one. */
import { type Pointer, toArrayBuffer } from "bun:ffi";
import { afterAll, afterEach, expect, mock, spyOn, test } from "bun:test";
import { closeSync, constants, openSync, readSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { EAGAIN, EOPNOTSUPP, EPIPE } from "./errno.ts";
import { HardwareWatchdog } from "./hardware-watchdog.ts";
import { AF_INET, libc, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const ENOTTY = 25;
const directory = scratchDirectory("watchdog");
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => {
  mock.restore();
});

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

test("a device that accepts nothing is never waited for; one that is gone is reported", () => {
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

/** What a driver answers to each of the requests: the seconds that it gives back, or an errno. */
function driver(...answers: (number | "EOPNOTSUPP" | "EBADF")[]): void {
  const pair = new NativeMemory(8);
  const ioctl = (_fd: number, _request: number, address: number): number => {
    const answer = answers.shift();
    // Calls that fail for these reasons leave them as a driver would.
    if (answer === "EBADF") return libc.close(-1);
    if (answer === "EOPNOTSUPP") return libc.socketpair(AF_INET, SOCK_DGRAM, 0, pair.address);
    const seconds = toArrayBuffer(address as Pointer, 0, 4);
    new DataView(seconds).setInt32(0, answer ?? 0, true);
    return 0;
  };
  spyOn(libc, "ioctl").mockImplementation(ioctl as unknown as typeof libc.ioctl);
}

test("a driver that makes another time-out of it is believed", () => {
  driver(16);
  const watchdog = new HardwareWatchdog("/dev/null", 12);
  expect([watchdog.refused, watchdog.timeoutS]).toEqual([0, 16]);
});

test("a driver whose time-out cannot be set: its own counts, or, if it has none, the requested one", () => {
  driver("EOPNOTSUPP", 60, 0, "EOPNOTSUPP", "EOPNOTSUPP");
  for (const seconds of [60, 12]) {
    const watchdog = new HardwareWatchdog("/dev/null", 12);
    expect([watchdog.refused, watchdog.timeoutS]).toEqual([EOPNOTSUPP, seconds]);
  }
});

test.each([
  ["the card reset the machine", 0x20, true],
  ["other bits beside it", 0x8021, true],
  ["other bits alone", 0x8001, false],
  ["nothing", 0, false],
  ["a driver that does not tell", "EOPNOTSUPP", false],
] as const)("what the driver found when the machine started: %s", (_, answer, reset) => {
  driver(10, answer);
  expect(new HardwareWatchdog("/dev/null", 10).hasResetMachine).toBe(reset);
});

test("a device that is no watchdog has reset nothing", () => {
  expect(new HardwareWatchdog("/dev/null", 10).hasResetMachine).toBe(false);
});

test("a refused time-out is reported, and the machine is not reset for it", () => {
  const path = fifo();
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  driver("EBADF");
  expect(() => new HardwareWatchdog(path, 12)).toThrow(/WDIOC_SETTIMEOUT: .*EBADF.*12 s on /);
  const bytes = Buffer.alloc(16);
  expect(bytes.subarray(0, readSync(reader, bytes)).toString()).toBe("V");
  expect(readSync(reader, bytes)).toBe(0); // closed
  closeSync(reader);
});
