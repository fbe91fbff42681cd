/**
 * Stores on the disk up to which number incarnations are reserved. Runs in its own process
 * (`wingman reserve`), because a disk may hang.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export const INCARNATION_MAX = 0xffff_ffff;

/** Unused numbers `first` to `last`. When they could not be stored they come from the clock. */
export interface Reservation {
  readonly first: number;
  readonly last: number;
  readonly warnings: readonly string[];
}

/**
 * Reserves `count` numbers above every stored one and not below `from`, the seconds of the clock,
 * so that they still grow when the store was lost. Stores the last of them before it returns.
 */
export function reserve(stateDirectory: string, from: number, count: number): Reservation {
  const warnings: string[] = [];
  const file = join(stateDirectory, "incarnation");
  const previous = stored(file, warnings);
  const isAtEnd = previous + count > INCARNATION_MAX;
  if (isAtEnd) warnings.push(`the stored incarnation ${previous} is the maximum: starting over`);
  const first = Math.min(INCARNATION_MAX + 1 - count, Math.max(isAtEnd ? 1 : previous + 1, from));
  const last = first + count - 1;
  try {
    store(file, last);
  } catch (error) {
    warnings.push(
      `the incarnation cannot be stored, going on without: ${(error as Error).message}`,
    );
  }
  return { first, last, warnings };
}

function stored(file: string, warnings: string[]): number {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT")
      warnings.push(`the stored incarnation cannot be read: ${(error as Error).message}`);
    return 0;
  }
  const value = /^\d{1,10}\n?$/.test(text) ? Number(text) : Number.NaN;
  if (value <= INCARNATION_MAX) return value;
  warnings.push(`${file} holds no incarnation (a decimal number of 32 bits): ignored`);
  return 0;
}

/**
 * Power may fail at any time: due to the rename the disk has the old or the new number, never half
 * of one.
 */
function store(file: string, value: number): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  const temporary = `${file}.new`;
  const descriptor = openSync(temporary, "w", 0o644);
  try {
    writeSync(descriptor, `${value}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(temporary, file);
  const directory = openSync(dirname(file), "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
