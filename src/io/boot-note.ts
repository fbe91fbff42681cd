/**
 * Makes sure that a message is given only once per boot of the machine, however often its sender is
 * restarted.
 */
import { readFileSync, writeFileSync } from "node:fs";

/** Start-up only. Each boot has a different id. */
export const bootId = (): string =>
  readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();

/**
 * Start-up only. Whether `file` does not name this boot yet; it does afterwards. If the file cannot
 * be written, the message is given anyway.
 */
export function isFirstInBoot(file: string, boot = bootId()): boolean {
  try {
    if (readFileSync(file, "latin1").trim() === boot) return false;
  } catch {
    // the first boot since the directory was made
  }
  try {
    writeFileSync(file, `${boot}\n`);
  } catch (error) {
    console.error(`a message of this boot may be repeated: ${(error as Error).message}`);
  }
  return true;
}
