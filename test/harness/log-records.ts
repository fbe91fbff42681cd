import { existsSync } from "node:fs";
import { join } from "node:path";
import { LogImage } from "../../src/manage/log/log-image.ts";
import { LOG_FILE } from "../../src/manage/log/log-store.ts";
import type { LogEntry } from "../../src/manage/maintenance.ts";

/** The maintenance log in a state directory, oldest first; empty while there is none. */
export function recordsOf(stateDirectory: string): LogEntry[] {
  const file = join(stateDirectory, LOG_FILE);
  if (!existsSync(file)) return [];
  try {
    return LogImage.read(file).entries();
  } catch {
    return []; // it is being made
  }
}
