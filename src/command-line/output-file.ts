/** Output files of commands. */
import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { RuntimeError } from "./errors.ts";

/**
 * The file behind `out`. Only a regular file is replaced, never a device.
 * @param option `log: --out`, for the error
 * @throws RuntimeError
 */
export function outputFile(option: string, out: string): string {
  const there = statusOf(out);
  if (there === null) return out;
  if (!there.isFile())
    throw new RuntimeError(`${option}: ${out}: expected the name of a file, found something else`);
  return realpathSync(out);
}

/** null where nothing exists or is visible. */
export function statusOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}

/** The file gets its name only when it is complete. @throws RuntimeError */
export function writeWhole(option: string, out: string, content: Uint8Array): void {
  const unnamed = `${out}.${process.pid}.part`;
  try {
    const fd = openSync(unnamed, "w", 0o644);
    try {
      for (let done = 0; done < content.length; ) done += writeSync(fd, content, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unnamed, out);
  } catch (error) {
    rmSync(unnamed, { force: true });
    throw new RuntimeError(`${option}: ${out}: ${(error as Error).message}`);
  }
}
