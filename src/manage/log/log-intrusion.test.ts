import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { aircraft, NOW_UTC_MS, open, scratch } from "../../../test/harness/log-on-disk.ts";
import { LOG_SERVER_ALIVE, LOG_SERVER_LOST, LOG_STALLED } from "../../boundary/maintenance-code.ts";
import { LOG_RECORDS_DAMAGED, LOG_RENEWED } from "../../catalogue/supervisor-code.ts";
import { LOG_SYNCS_PER_LEG } from "../../limits.ts";
import { LogImage } from "./log-image.ts";

const SECOND_US = 1_000_000;
const HOUR_US = 3600 * SECOND_US;

let directory: string;
let file: string;
beforeEach(() => {
  directory = scratch();
  file = join(directory, "maintenance.log");
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

describe("something with the log's name that is no log", () => {
  test.each([
    ["a folder", (): void => void mkdirSync(join(file, "with", "something"), { recursive: true })],
    ["a pipe", (): void => void Bun.spawnSync(["mkfifo", file])],
    ["a link to a file of somebody else", (): void => symlinkSync("other", file)],
  ] as const)("%s: is put aside, and the log is written", (_, make) => {
    writeFileSync(join(directory, "other"), "words");
    make();
    const log = open(directory);
    log.take(1, LOG_STALLED, 300, 0, 101 * SECOND_US);
    expect([log.sync(), log.problem]).toEqual([1, null]);
    log.close();
    expect(readdirSync(directory).sort()).toEqual([
      "maintenance.log",
      "maintenance.log.corrupt-1",
      "other",
    ]);
    expect(readFileSync(join(directory, "other"), "utf8")).toBe("words");
    expect(LogImage.read(file).entries()[1]).toMatchObject({
      code: 420,
      detail: "maintenance.log.corrupt-1",
    });
  });

  test("a file of 3 TB of nothing is put aside soon", () => {
    writeFileSync(file, "");
    truncateSync(file, 3 * 2 ** 40);
    const beganMs = performance.now();
    open(directory).close();
    expect(performance.now() - beganMs).toBeLessThan(40_000); // a scan of all of it takes an hour
    expect(statSync(file).size).toBe(64 * 1024);
  }, 60_000);
});

describe("a start within the same power-on", () => {
  test("after an orderly stop: records held back are in the log, counted", () => {
    const log = open(directory);
    for (let delivery = 1; delivery <= 9; delivery++)
      log.take(delivery, LOG_STALLED, 300, 0, 101 * SECOND_US);
    log.close();
    const counts = LogImage.read(file)
      .entries()
      .flatMap(({ code, count }) => (code === LOG_STALLED ? [count] : []));
    expect(counts).toEqual([1, 1, 1, 6]);
  });

  test.each([
    ["is set when that time is over", [LOG_SERVER_LOST], ["set 111 b x1"]],
    ["is not, when it has ended in between", [LOG_SERVER_LOST, LOG_SERVER_ALIVE], []],
  ] as const)("while faults are inhibited: a fault of before %s", (_, codes, expected) => {
    const config = aircraft();
    config.maintenance.log.inhibitSeconds = 60;
    let log = open(directory, { config, nowBootUs: 10 * SECOND_US });
    for (const [at, code] of codes.entries()) log.take(at + 1, code, 1, 0, (11 + at) * SECOND_US);
    log.sync();
    // Killed, and started again.
    copyFileSync(file, `${file}.copy`);
    log.close();
    renameSync(`${file}.copy`, file);
    log = open(directory, { config, nowBootUs: 20 * SECOND_US });
    log.tick(61 * SECOND_US, NOW_UTC_MS);
    const set = log.entries().filter(({ kind }) => kind === "set");
    expect(
      set.map(({ kind, code, detail, count }) => `${kind} ${code} ${detail} x${count}`),
    ).toEqual([...expected]);
    expect(log.faults().map(({ first }) => first.bootUs)).toEqual(
      expected.map(() => 11 * SECOND_US),
    );
    log.close();
  });

  test("under another part number and as another server: the header names those of today", () => {
    open(directory).close();
    const config = aircraft();
    config.partNumber = "NEW-PART-1234567";
    open(directory, { config, serverId: "b" }).close();
    expect(LogImage.read(file).header).toMatchObject({
      partNumber: "NEW-PART-1234567",
      server: "b",
    });
  });
});

describe("a file that is changed by others while in use", () => {
  test.each([
    ["removed", (): void => unlinkSync(file), 3, ["maintenance.log"]],
    [
      "replaced",
      (): void => writeFileSync(`${file}.x`, "words"),
      3,
      ["maintenance.log", "maintenance.log.corrupt-1"],
    ],
    ["emptied", (): void => truncateSync(file, 0), 0, ["maintenance.log"]],
    ["made longer", (): void => truncateSync(file, 100_000), 3, ["maintenance.log"]],
  ] as const)(
    "%s: is rewritten, and contains everything acknowledged from then on",
    (what, change, left, names) => {
      let log = open(directory);
      log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
      log.take(2, LOG_STALLED, 300, 0, 102 * SECOND_US);
      log.sync();
      change();
      if (what === "replaced") renameSync(`${file}.x`, file);
      log.take(3, LOG_SERVER_ALIVE, 1, 0, 103 * SECOND_US);
      expect([log.sync(), log.problem]).toEqual([3, null]);
      expect(readdirSync(directory).sort()).toEqual([...names]);
      const codes = LogImage.read(file)
        .entries()
        .map(({ code }) => code);
      const damaged = left === 0 ? [LOG_RECORDS_DAMAGED] : [];
      expect(codes).toEqual([...[400, 111, 301].slice(0, left), 110, 111, LOG_RENEWED, ...damaged]);
      expect(statSync(file).size).toBe(64 * 1024);
      expect(log.storage().damaged).toBe(3 - left);
      // With nothing to write it is seen, too.
      unlinkSync(file);
      log.tick(104 * SECOND_US);
      expect(LogImage.read(file).entries().length).toBe(codes.length);
      log.close();
      log = open(directory);
      expect(log.problem).toBeNull();
      log.close();
    },
  );

  test("removed, and larger than what a leg may cost: what follows does not wait for that", () => {
    const log = open(directory, { sizeKiB: 2048 });
    unlinkSync(file);
    for (const delivery of [1, 2]) {
      log.take(delivery, LOG_STALLED, 300, 0, (101 + delivery) * SECOND_US);
      expect(log.sync()).toBe(delivery);
    }
    log.close();
  });

  test("replaced by the log of another daemon: that is left alone, and nothing is acknowledged", () => {
    const log = open(directory);
    unlinkSync(file);
    const other = open(directory, { serverId: "b" });
    log.take(1, LOG_STALLED, 300, 0, 103 * SECOND_US);
    expect([log.sync(), log.problem]).toEqual([0, expect.stringContaining("flock")]);
    expect(LogImage.read(file).header.server).toBe("b");
    other.close();
    log.close();
  });
});

test.each([
  ["on ground begins anew", false, "boot-2", 0],
  ["goes on after a restart within one power-up", false, "boot-1", LOG_SYNCS_PER_LEG],
  ["goes on over a power-up in the air", true, "boot-2", LOG_SYNCS_PER_LEG],
] as const)("what a leg may cost: %s", (_, inAir, bootId, least) => {
  let log = open(directory);
  if (inAir) log.ground(false, 100 * SECOND_US);
  for (let delivery = 1; delivery <= LOG_SYNCS_PER_LEG; delivery++) {
    log.take(delivery, LOG_STALLED, 300, 0, delivery * HOUR_US);
    log.sync();
  }
  log.close();
  log = open(directory, { bootId });
  const { legSyncs } = log.storage();
  expect(legSyncs).toBeGreaterThanOrEqual(least);
  expect(legSyncs).toBeLessThan(least + 10);
  log.close();
});
