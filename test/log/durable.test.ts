/** A record is acknowledged only after the storage has confirmed it. */
import { afterAll, beforeEach, expect, mock, test } from "bun:test";
import * as fs from "node:fs";
import { LOG_STALLED } from "../../src/boundary/maintenance-code.ts";

const HOUR_US = 3_600_000_000;

const real = { ...fs };
let calls: string[] = [];
let refuse = false;

mock.module("node:fs", () => ({
  ...real,
  writeSync: (...args: Parameters<typeof fs.writeSync>): number => {
    calls.push("write");
    return real.writeSync(...args);
  },
  fdatasyncSync: (fd: number): void => {
    calls.push("fdatasync");
    if (refuse)
      throw Object.assign(new Error("EIO: i/o error, fdatasync"), { code: "EIO", errno: -5 });
    real.fdatasyncSync(fd);
  },
}));
const { open, scratch } = await import("../harness/log-on-disk.ts");

afterAll(() => {
  mock.module("node:fs", () => real);
});
beforeEach(() => {
  calls = [];
  refuse = false;
});

test("written, then made durable, then acknowledged; a batch costs one fsync", () => {
  const directory = scratch();
  const log = open(directory);
  for (let delivery = 1; delivery <= 3; delivery++)
    log.take(delivery, LOG_STALLED, 1, 0, delivery * HOUR_US);
  calls = [];
  expect(log.sync()).toBe(3);
  expect(calls).toEqual(["write", "fdatasync"]);
  log.close();
  real.rmSync(directory, { recursive: true });
});

test("what the storage could not make durable is not acknowledged, and written once more", () => {
  const directory = scratch();
  const log = open(directory);
  log.take(1, LOG_STALLED, 1, 0, HOUR_US);
  refuse = true;
  expect(log.sync()).toBe(0);
  expect(log.problem).toContain("EIO");
  refuse = false;
  log.tick(2 * HOUR_US, Date.now());
  calls = [];
  expect(log.sync()).toBe(1);
  expect(calls).toEqual(["write", "fdatasync"]);
  log.sync();
  // The failure, and its end, are in the log itself.
  expect(log.entries().map(({ code }) => code)).toEqual([400, 301, 423, 424, 423]);
  log.close();
  real.rmSync(directory, { recursive: true });
});
