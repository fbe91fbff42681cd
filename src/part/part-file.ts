/** Reads the files of a part from a medium: only regular files, never beyond a limit. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { quoted } from "../config/problem.ts";
import { PART_CHUNK_BYTES, PART_INDEX_BYTES_MAX } from "../limits.ts";
import { PartError } from "./part-error.ts";

/**
 * Names of everything in the directory.
 *
 * @throws PartError when one is no regular file
 */
export function namesIn(directory: string): string[] {
  const expected = "the directory of a part";
  try {
    return readdirSync(directory, { withFileTypes: true })
      .map((entry) => {
        if (entry.isFile()) return entry.name;
        const found = entry.isDirectory()
          ? "a directory"
          : entry.isSymbolicLink()
            ? "a symbolic link"
            : "a special file";
        throw new PartError(entry.name, "kind", found, "a regular file");
      })
      .sort();
  } catch (error) {
    if (error instanceof PartError) throw error;
    throw new PartError(directory, "directory", reasonOf(error), expected);
  }
}

/** Reads a list, header or manifest as a whole. @throws PartError */
export function readIndexFile(directory: string, name: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunksOf(directory, name)) {
    bytes += chunk.length;
    if (bytes > PART_INDEX_BYTES_MAX)
      throw new PartError(name, "size", "more than 1 MiB", "at most 1 MiB");
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

/**
 * The content of a file in pieces; a piece is valid until the next one.
 *
 * @throws PartError
 */
export function* chunksOf(directory: string, name: string): Generator<Uint8Array> {
  let descriptor: number | null = null;
  try {
    // Does not follow a symbolic link that was created meanwhile, and does not block on a FIFO.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    descriptor = openSync(join(directory, name), flags);
    if (!fstatSync(descriptor).isFile())
      throw new PartError(name, "kind", "something else", "a regular file");
    const buffer = new Uint8Array(PART_CHUNK_BYTES);
    for (;;) {
      const count = readSync(descriptor, buffer);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new PartError(name, "content", reasonOf(error), "a file that can be read");
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "nothing of that name";
  if (code === "ENOTDIR") return "no directory";
  if (code === "EACCES") return "no permission to read it";
  return code ?? quoted(message);
}
