/** Writes files into a directory that appears as a whole or not at all. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UsageError } from "../../src/command-line/errors.ts";
import { quoted } from "../../src/config/problem.ts";

/** @throws UsageError when it exists and is no empty directory */
export function requireFree(directory: string): void {
  try {
    if (readdirSync(directory).length === 0) return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    const found = code === "ENOTDIR" ? "something that is no directory" : code;
    throw new UsageError(
      `package: --out: found ${found} at ${quoted(directory)}, expected nothing`,
    );
  }
  throw new UsageError(
    `package: --out: found a directory with files at ${quoted(directory)}, expected an empty one or none`,
  );
}

/**
 * Writes the files to a temporary place beside `directory`, and gives them its name when they are
 * on the disk and `judge` accepts them.
 *
 * @param judge receives the temporary place; its exceptions are passed on, with nothing left behind
 */
export function writeDirectory(
  directory: string,
  files: ReadonlyMap<string, Uint8Array>,
  judge: (directory: string) => void,
): void {
  const target = resolve(directory);
  const unnamed = join(dirname(target), `.${basename(target)}.${process.pid}`);
  mkdirSync(dirname(target), { recursive: true });
  try {
    mkdirSync(unnamed);
    for (const [name, content] of files) writeFile(join(unnamed, name), content);
    sync(unnamed);
    judge(unnamed);
    // Replaces an empty directory, and no other.
    renameSync(unnamed, target);
    sync(dirname(target));
  } finally {
    rmSync(unnamed, { recursive: true, force: true });
  }
}

function writeFile(path: string, content: Uint8Array): void {
  const descriptor = openSync(path, "wx", 0o644);
  try {
    for (let done = 0; done < content.length; )
      done += writeSync(descriptor, content, done, content.length - done);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function sync(directory: string): void {
  const descriptor = openSync(directory, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
