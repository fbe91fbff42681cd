/** Common parts of the tests of the log on a disk: a directory, an aircraft, and a log in it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import {
  MaintenanceLog,
  type MaintenanceLogOptions,
} from "../../src/manage/log/maintenance-log.ts";
import { scratchDirectory } from "./run-mark.ts";

export const NOW_UTC_MS = Date.UTC(2026, 5, 1);

export function scratch(): string {
  return scratchDirectory("log");
}

/** The same in memory where there is such a place: for tests that write much, and judge no disk. */
export function scratchInMemory(): string {
  return existsSync("/dev/shm") ? scratchDirectory("log", "/dev/shm") : scratch();
}

/** The embedded aircraft, without the time in which there are no faults. */
export function aircraft(): AircraftConfig {
  const loaded = loadConfig(undefined);
  if (!loaded.ok) throw new Error("the embedded aircraft is valid");
  loaded.config.maintenance.log.inhibitSeconds = 0;
  return loaded.config;
}

export function options(
  directory: string,
  changes: Partial<MaintenanceLogOptions> = {},
): MaintenanceLogOptions {
  return {
    ...{ file: join(directory, "maintenance.log"), sizeKiB: 64, config: aircraft(), serverId: "a" },
    ...{ bootId: "boot-1", session: 7, nowBootUs: 100_000_000, nowUtcMs: NOW_UTC_MS },
    ...changes,
  };
}

export function open(
  directory: string,
  changes: Partial<MaintenanceLogOptions> = {},
): MaintenanceLog {
  return MaintenanceLog.open(options(directory, changes));
}
