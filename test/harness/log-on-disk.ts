/** What the tests of the log on a disk share: a directory, an aircraft, and a log in it. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import type { AircraftConfig } from "../../src/config/model.ts";
import {
  MaintenanceLog,
  type MaintenanceLogOptions,
} from "../../src/manage/log/maintenance-log.ts";

export const NOW_UTC_MS = Date.UTC(2026, 5, 1);

export function scratch(): string {
  return mkdtempSync(join(tmpdir(), "wingman-log-"));
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
