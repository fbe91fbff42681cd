import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { NOW_UTC_MS, open, scratch } from "../../../test/harness/log-on-disk.ts";
import {
  LOG_FUNCTION_UP,
  LOG_NO_LEASE,
  LOG_QUEUE_FULL,
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_STALLED,
  LOG_VIP_FAILED,
} from "../../boundary/maintenance-code.ts";
import {
  LOG_ACTION_REFUSED,
  LOG_LEG_BEGUN,
  LOG_LEG_ENDED,
  LOG_RECORDS_LOST,
} from "../../catalogue/supervisor-code.ts";
import { LOG_COLLECT_US, LOG_SYNCS_PER_LEG, LOG_WAITING_MAX } from "../../limits.ts";
import type { LogReader } from "../maintenance.ts";
import { LogImage } from "./log-image.ts";
import type { MaintenanceLog } from "./maintenance-log.ts";

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

/** `3 set 111 b x1` */
function lines(log: LogReader): string[] {
  return log
    .entries()
    .map(({ sequence, kind, code, function: id, detail, count }) =>
      [sequence, kind, code, id, detail, `x${count}`].filter((part) => part !== "").join(" "),
    );
}

test("active faults are shown as active, even if their records exceed the hour's limit", () => {
  const log = open(directory);
  const shown = (): unknown[] =>
    log.faults().map(({ label, isActive, count }) => [label, isActive, count]);
  for (let time = 1; time <= 5; time++) {
    log.take(2 * time - 1, LOG_SERVER_LOST, 1, 0, (100 + 10 * time) * SECOND_US);
    expect(shown()).toEqual([["WNG-0111", true, time]]);
    log.take(2 * time, LOG_SERVER_ALIVE, 1, 0, (100 + 10 * time + 1) * SECOND_US);
    expect(shown()).toEqual([["WNG-0111", false, time]]);
  }
  log.close();
});

describe("a new log", () => {
  test("has all its blocks at once, and begins with the power-on", () => {
    const log = open(directory, { sizeKiB: 256 });
    const { size, blocks } = statSync(file);
    expect(size).toBe(256 * 1024);
    expect(blocks * 512).toBeGreaterThanOrEqual(size);
    expect(readdirSync(directory)).toEqual(["maintenance.log"]);
    expect(lines(log)).toEqual(["1 event 400 power-on 1 x1"]);
    expect(log.problem).toBeNull();
    log.close();
  });

  test("shows each record in words, with the function's ATA chapter, and UTC only while the clock is set", () => {
    const log = open(directory);
    log.take(1, LOG_VIP_FAILED, 1, 13, 100_500_000);
    log.tick(101 * SECOND_US, 1000);
    log.note(LOG_ACTION_REFUSED, 1, "move: not on ground", 101 * SECOND_US);
    const [, vip, refused] = log.entries();
    expect(vip).toMatchObject({
      ...{
        label: "WNG-0210",
        text: "VIP COULD NOT BE SET",
        kind: "set",
        class: 2,
        server: "a",
        leg: 0,
        powerOn: 1,
      },
      ...{
        function: "pram-emergency",
        ata: "23-31",
        detail: "permission denied (errno 13)",
        bootUs: 100_500_000,
        utcMs: NOW_UTC_MS + 500,
      },
    });
    expect(refused).toMatchObject({
      code: LOG_ACTION_REFUSED,
      detail: "move: not on ground",
      utcMs: null,
    });
    log.close();
  });
});

test("a fault shows the time of its newest occurrence, although no record of it is written", () => {
  const log = open(directory);
  const times = Array.from({ length: 6 }, (_, number) => (101 + 10 * number) * SECOND_US);
  for (const [number, bootUs] of times.entries()) log.take(1 + number, LOG_STALLED, 300, 0, bootUs);
  expect(log.entries().length).toBeLessThan(1 + times.length);
  expect(log.faults()).toMatchObject([{ count: times.length, last: { bootUs: times.at(-1) } }]);
  log.close();
});

describe("acknowledged", () => {
  test("is the written content, and nothing earlier", () => {
    const log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    expect(LogImage.read(file).entries().length).toBe(1);
    expect(log.sync()).toBe(1);
    expect(LogImage.read(file).entries().length).toBe(2);
    expect(log.sync()).toBe(1);
    log.close();
  });

  test("is also what is only counted", () => {
    const log = open(directory);
    for (let delivery = 1; delivery <= 9; delivery++)
      log.take(delivery, LOG_STALLED, 300, 0, 101 * SECOND_US);
    expect(log.sync()).toBe(9);
    log.take(10, LOG_STALLED, 300, 0, 102 * SECOND_US);
    expect(log.sync()).toBe(10);
    expect(log.entries().length).toBe(1 + 3);
    log.close();
  });

  test("is once in the log, however often it is delivered", () => {
    let log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.take(2, LOG_SERVER_ALIVE, 1, 0, 102 * SECOND_US);
    log.sync();
    log.close();
    log = open(directory);
    for (const delivery of [1, 2, 3]) log.take(delivery, LOG_SERVER_LOST, 1, 0, 103 * SECOND_US);
    expect(log.sync()).toBe(3);
    expect(lines(log).filter((line) => line.includes(" 111 "))).toEqual([
      ...["2 set 111 b x1", "4 cleared 111 b x1", "7 set 111 b x1"],
    ]);
    log.close();
    // Another session counts its deliveries anew.
    log = open(directory, { session: 8 });
    log.take(1, LOG_STALLED, 300, 0, 104 * SECOND_US);
    log.sync();
    expect(lines(log).at(-1)).toContain("set 301");
    log.close();
  });

  test("a delivery that was only partly written comes again as a whole", () => {
    let log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.take(2, LOG_SERVER_ALIVE, 1, 0, 102 * SECOND_US);
    log.sync();
    log.close();
    const image = LogImage.read(file);
    const at = image.image().length; // what was written last: "alive" and "cleared", and "stopped"
    expect(at).toBe(64 * 1024);
    const bytes = readFileSync(file);
    const eventsAt = 8192 + 144 * 256;
    bytes.fill(0, eventsAt + 3 * 256, eventsAt + 5 * 256);
    writeFileSync(file, bytes);
    log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.take(2, LOG_SERVER_ALIVE, 1, 0, 102 * SECOND_US);
    log.sync();
    expect(lines(log).filter((line) => !line.includes(" 40"))).toEqual([
      ...["2 set 111 b x1", "5 event 110 b x1", "6 cleared 111 b x1"],
    ]);
    log.close();
  });
});

describe("power-on", () => {
  test("is counted with every other boot id, and tells whether the last run ended in good order", () => {
    open(directory).close();
    let log = open(directory, { bootId: "boot-2" });
    expect(log.entries().at(-1)).toMatchObject({ code: 400, powerOn: 2, detail: "power-on 2" });
    log.close();
    log = open(directory, { bootId: "boot-2" });
    expect(log.entries().at(-1)).toMatchObject({ code: 401, powerOn: 2, detail: "" });
    log.close();
    const bytes = readFileSync(file);
    log = open(directory, { bootId: "boot-3" });
    log.close();
    writeFileSync(file, bytes); // as if the machine had lost its power before it stopped
    bytes.fill(0, 8192 + (144 + 5) * 256, 8192 + (144 + 6) * 256);
    writeFileSync(file, bytes);
    log = open(directory, { bootId: "boot-3" });
    expect(log.entries().at(-1)?.detail).toBe("power-on 3, not stopped in good order before");
    log.close();
  });

  test("faults that are there stay, but for those that a start ends", () => {
    let log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.take(2, LOG_NO_LEASE, 95, 0, 102 * SECOND_US);
    log.close();
    log = open(directory);
    expect(log.faults().map(({ label, isActive }) => [label, isActive])).toEqual([
      ["WNG-0111", true],
      ["WNG-0304", true],
    ]);
    log.close();
    log = open(directory, { bootId: "boot-2", session: 8 });
    log.take(1, LOG_SERVER_ALIVE, 1, 0, 103 * SECOND_US);
    expect(log.faults().map(({ isActive }) => isActive)).toEqual([false, false]);
    log.close();
  });
});

describe("legs", () => {
  test("begin in the air, end on ground, and have a number of their own", () => {
    const log = open(directory);
    log.ground(true, 101 * SECOND_US);
    log.ground(false, 102 * SECOND_US);
    log.take(1, LOG_SERVER_LOST, 1, 0, 103 * SECOND_US);
    log.ground(false, 104 * SECOND_US);
    expect(log.legs()).toMatchObject([{ leg: 1, records: 2, faults: 1, endedUtcMs: null }]);
    expect(log.faults()).toMatchObject([{ leg: 1, isActive: true, nature: null, count: 1 }]);
    log.ground(true, 105 * SECOND_US);
    log.ground(false, 106 * SECOND_US);
    log.take(2, LOG_SERVER_ALIVE, 1, 0, 107 * SECOND_US);
    log.ground(true, 108 * SECOND_US);
    expect(log.legs()).toEqual([
      ...[
        {
          leg: 1,
          powerOn: 1,
          begunUtcMs: NOW_UTC_MS + 2000,
          endedUtcMs: NOW_UTC_MS + 5000,
          records: 4,
          faults: 1,
        },
      ],
      ...[
        {
          leg: 2,
          powerOn: 1,
          begunUtcMs: NOW_UTC_MS + 6000,
          endedUtcMs: NOW_UTC_MS + 8000,
          records: 6,
          faults: 1,
        },
      ],
    ]);
    expect(log.faults(1)).toMatchObject([{ nature: "HARD", count: 1 }]);
    expect(log.faults(2)).toMatchObject([{ nature: "INTERMITTENT", count: 0 }]);
    log.close();
    expect(LogImage.read(file).legs().length).toBe(2);
  });

  test("go on over a start in the air", () => {
    let log = open(directory);
    log.ground(false, 102 * SECOND_US);
    log.sync();
    log.close();
    log = open(directory, { bootId: "boot-2" });
    log.ground(false, 103 * SECOND_US);
    expect(log.entries().at(-1)?.leg).toBe(1);
    log.ground(true, 104 * SECOND_US);
    log.ground(false, 105 * SECOND_US);
    expect(log.storage().leg).toBe(2);
    log.close();
  });

  test("63 of them outlast any number of other records", () => {
    const log = open(directory);
    for (let leg = 1; leg <= 80; leg++) {
      log.ground(false, leg * HOUR_US);
      for (let i = 0; i < 30; i++)
        log.take(leg * 100 + i, LOG_FUNCTION_UP, i % 12, 0, leg * HOUR_US + i);
      log.ground(true, leg * HOUR_US + HOUR_US / 2);
      log.sync();
    }
    const legs = log.legs();
    expect(legs.length).toBeGreaterThanOrEqual(63);
    expect(legs.at(-1)).toMatchObject({ leg: 80, records: 32 });
    expect(
      legs.every(({ begunUtcMs, endedUtcMs }) => begunUtcMs !== null && endedUtcMs !== null),
    ).toBe(true);
    expect(log.entries({ leg: 20 }).map(({ code }) => code)).toEqual([
      LOG_LEG_BEGUN,
      LOG_LEG_ENDED,
    ]);
    log.close();
  });
});

describe("filters", () => {
  test("since, leg, class, function, newest", () => {
    const log = open(directory);
    log.take(1, LOG_SERVER_LOST, 1, 0, 101 * SECOND_US);
    log.ground(false, 102 * SECOND_US);
    log.take(2, LOG_VIP_FAILED, 1, 13, 103 * SECOND_US);
    log.take(3, LOG_FUNCTION_UP, 0, 0, 104 * SECOND_US);
    const sequences = (filter: Parameters<MaintenanceLog["entries"]>[0]) =>
      log.entries(filter).map(({ sequence }) => sequence);
    expect(sequences({})).toEqual([1, 2, 3, 4, 5, 6]);
    log.sync();
    expect(sequences({})).toEqual([1, 2, 3, 4, 5, 6]);
    expect(sequences({ since: 4 })).toEqual([5, 6]);
    expect(sequences({ leg: 0 })).toEqual([1, 2]);
    expect(sequences({ class: 2 })).toEqual([2, 4, 5]);
    expect(sequences({ function: "pram-emergency" })).toEqual([5]);
    expect(sequences({ newest: 2 })).toEqual([5, 6]);
    expect(sequences({ newest: 1, class: 2 })).toEqual([5]);
    log.close();
  });
});

describe("more than can be kept", () => {
  test("is counted, and reported when there is room again", () => {
    const log = open(directory);
    for (let i = 1; i <= LOG_WAITING_MAX + 50; i++) log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
    log.sync();
    log.sync();
    expect(log.entries().at(-1)).toMatchObject({ code: LOG_RECORDS_LOST, detail: "50 records" });
    expect(log.storage().lost).toBe(50);
    log.take(9999, LOG_QUEUE_FULL, 7, 0, 2000 * HOUR_US);
    log.note(LOG_RECORDS_LOST, -1, "3 records", 2000 * HOUR_US, 3);
    expect(log.storage().lost).toBe(60);
    log.sync();
    log.close();
    const again = open(directory);
    expect(again.storage().lost).toBe(60);
    again.close();
    const third = open(directory, { bootId: "boot-2" });
    expect(third.storage().lost).toBe(60);
    third.close();
  });
});

describe("the budget of a leg", () => {
  test("counts fsyncs and whole pages, continues over a start, and restarts with the next leg", () => {
    let log = open(directory);
    log.ground(false, 101 * SECOND_US);
    log.sync();
    for (let i = 1; i <= 3; i++) {
      log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
      log.sync();
    }
    expect(log.storage()).toMatchObject({ legSyncs: 4, legBytes: 4 * 4096 });
    log.close();
    log = open(directory);
    expect(log.storage().legSyncs).toBeGreaterThanOrEqual(5);
    log.ground(true, 5 * HOUR_US);
    expect(log.storage()).toMatchObject({ legSyncs: 0, legBytes: 0 });
    log.sync();
    expect(log.entries().at(-1)).toMatchObject({ code: LOG_LEG_ENDED });
    log.image();
    const bytes = readFileSync(file);
    log.close();
    writeFileSync(file, bytes); // as a process that was killed behind the end of the leg leaves it
    log = open(directory);
    expect(log.storage()).toMatchObject({ legSyncs: 1 });
    log.ground(false, 6 * HOUR_US);
    expect(log.storage()).toMatchObject({ legSyncs: 0, legBytes: 0 });
    log.close();
  });

  test("when it is used up, records are collected for a while instead of lost", () => {
    const log = open(directory);
    for (let i = 1; i <= LOG_SYNCS_PER_LEG; i++) {
      log.take(i, LOG_STALLED, i, 0, i * HOUR_US);
      log.sync();
    }
    const used = log.storage().legSyncs;
    const nowUs = (LOG_SYNCS_PER_LEG + 1) * HOUR_US;
    log.take(1000, LOG_STALLED, 1, 0, nowUs);
    log.sync(); // the last one was long ago
    for (let i = 1; i <= 50; i++) {
      log.take(1000 + i, LOG_STALLED, 1, 0, nowUs + i);
      log.note(LOG_ACTION_REFUSED, -1, "x", nowUs + i);
      expect(log.sync()).toBe(1000);
    }
    log.tick(nowUs + LOG_COLLECT_US - 1, NOW_UTC_MS);
    expect(log.sync()).toBe(1000);
    log.tick(nowUs + LOG_COLLECT_US, NOW_UTC_MS);
    expect(log.sync()).toBe(1050);
    expect(log.storage().legSyncs).toBeLessThanOrEqual(used + 2);
    log.close();
  });
});

test("a second writer is refused, and the first one goes on", () => {
  const log = open(directory);
  const second = open(directory);
  expect(second.problem).toContain("EAGAIN");
  second.take(1, LOG_STALLED, 1, 0, 101 * SECOND_US);
  expect(second.sync()).toBe(0);
  log.take(1, LOG_STALLED, 1, 0, 101 * SECOND_US);
  expect(log.sync()).toBe(1);

  log.close();
  // When the first one is gone the second takes over, with all that it had to wait for.
  second.tick(200 * SECOND_US, NOW_UTC_MS);
  expect(second.problem).toBeNull();
  second.sync();
  expect(lines(second)).toContain("5 set 301 1 ms x1");
  second.close();
});
