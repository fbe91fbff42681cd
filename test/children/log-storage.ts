/**
 * The maintenance log on storages that refuse, in its own mount namespace: `log-storage.ts
 * DIRECTORY`. Prints its observations as one line of JSON.
 */
import { statSync } from "node:fs";
import { LOG_STALLED } from "../../src/boundary/maintenance-code.ts";
import { LogImage } from "../../src/manage/log/log-image.ts";
import type { MaintenanceLog } from "../../src/manage/log/maintenance-log.ts";
import { run } from "../harness/command.ts";
import { NOW_UTC_MS, open } from "../harness/log-on-disk.ts";

const [directory = ""] = process.argv.slice(2);
const SECOND_US = 1_000_000;
const HOUR_US = 3600 * SECOND_US;

const codes = (log: MaintenanceLog): number[] => log.entries().map(({ code }) => code);
const seen: Record<string, unknown> = {};

// A storage that is full at the first start.
run("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", directory);
let log = open(directory);
log.take(1, LOG_STALLED, 300, 0, 101 * SECOND_US);
seen.full = {
  problem: log.problem,
  durable: log.sync(),
  codes: codes(log),
  image: log.image().length,
};
run("mount", "-o", "remount,size=1m", directory);
log.tick(105 * SECOND_US, NOW_UTC_MS);
seen.tooSoon = log.problem !== null;
log.tick(111 * SECOND_US, NOW_UTC_MS);
seen.roomAgain = {
  problem: log.problem,
  durable: log.sync(),
  codes: codes(log),
  sequences: log.entries().map(({ sequence }) => sequence),
};
log.close();

// One that is read-only at a start.
run("mount", "-o", "remount,ro", directory);
log = open(directory);
log.take(1, LOG_STALLED, 300, 0, 120 * SECOND_US);
seen.readOnly = {
  problem: log.problem,
  durable: log.sync(),
  readable: LogImage.read(`${directory}/maintenance.log`).entries().length,
};
run("mount", "-o", "remount,rw", directory);
log.tick(200 * SECOND_US, NOW_UTC_MS);
seen.writableAgain = { problem: log.problem, durable: log.sync(), newest: codes(log).slice(-3) };

// One that refuses while the log is being written: no byte may be written behind the first 9,000.
run("prlimit", "--pid", String(process.pid), "--fsize=9000:unlimited");
log.take(2, LOG_STALLED, 301, 0, HOUR_US);
log.take(3, LOG_STALLED, 302, 0, 2 * HOUR_US);
seen.refuses = { durable: log.sync(), problem: log.problem, waiting: codes(log).slice(-3) };
log.tick(2 * HOUR_US + 5 * SECOND_US, NOW_UTC_MS);
seen.refusesStill = log.sync();
run("prlimit", "--pid", String(process.pid), "--fsize=unlimited:unlimited");
log.tick(2 * HOUR_US + 10 * SECOND_US, NOW_UTC_MS);
seen.takes = { durable: log.sync(), problem: log.problem };
log.sync();
seen.newest = LogImage.read(`${directory}/maintenance.log`)
  .entries({ newest: 5 })
  .map(({ code, kind }) => `${kind} ${code}`);
seen.size = statSync(`${directory}/maintenance.log`).size;
log.close();

// One without room for the greater size that is configured now.
log = open(directory, { sizeKiB: 2048, nowBootUs: 2 * HOUR_US });
log.take(1, LOG_STALLED, 303, 0, 4 * HOUR_US);
log.take(4, LOG_STALLED, 303, 0, 4 * HOUR_US);
seen.noRoomToGrow = {
  durable: log.sync(),
  problem: log.problem,
  size: log.storage().sizeBytes,
  newest: codes(log).slice(-2),
};
log.close();
run("mount", "-o", "remount,size=4m", directory);
log = open(directory, { sizeKiB: 2048, nowBootUs: 5 * HOUR_US });
seen.roomToGrow = { size: log.storage().sizeBytes, newest: codes(log).at(-1) };
log.close();
run("umount", directory);
console.log(JSON.stringify(seen));
