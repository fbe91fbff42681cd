/** What is to be told once in a boot of the machine, however often its teller is started. */
import { readFileSync, writeFileSync } from "node:fs";

/** Start-up only. Another one is another boot. */
export const bootId = (): string =>
  readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();

/**
 * Start-up only. Whether `file` does not name this boot yet; from now on it does. A file that cannot
 * be written is no reason not to tell.
 */
export function isFirstInBoot(file: string, boot = bootId()): boolean {
  try {
    if (readFileSync(file, "latin1").trim() === boot) return false;
  } catch {
    // the first one since the directory was made
  }
  try {
    writeFileSync(file, `${boot}\n`);
  } catch (error) {
    console.error(`what was told in this boot may be told again: ${(error as Error).message}`);
  }
  return true;
}
