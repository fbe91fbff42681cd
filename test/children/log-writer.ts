/**
 * Writes the maintenance log until it is killed: `log-writer.ts DIRECTORY FIRST`. Delivers numbers
 * from FIRST on and prints after each sync, on its own line, up to which one it is durable.
 */
import { writeSync } from "node:fs";
import {
  LOG_SERVER_ALIVE,
  LOG_SERVER_LOST,
  LOG_STALLED,
} from "../../src/boundary/maintenance-code.ts";
import { open } from "../harness/log-on-disk.ts";

const HOUR_US = 3_600_000_000;

const [directory = "", first = "1"] = process.argv.slice(2);
const log = open(directory, { sizeKiB: 8192 });
writeSync(1, `begun ${log.problem ?? ""}\n`);
for (let delivery = Number(first); ; delivery++) {
  // Every tenth one sets a fault and the next clears it: a delivery of two records.
  const code =
    delivery % 10 === 0 ? LOG_SERVER_LOST : delivery % 10 === 1 ? LOG_SERVER_ALIVE : LOG_STALLED;
  log.take(delivery, code, code === LOG_STALLED ? delivery : 1, 0, delivery * HOUR_US);
  if (delivery % 3 === 0) writeSync(1, `${log.sync()}\n`);
}
