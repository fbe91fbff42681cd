/** The pre-shared key of the keep-alives. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Problem } from "./model.ts";

export const KEY_BYTES_MIN = 16;
export const KEY_BYTES_MAX = 1024;
const OTHERS_MAY_READ_OR_WRITE = 0o077;
const NEWLINE = 0x0a;

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "a file without permission to read",
  EISDIR: "a directory",
};

export type KeyResult = { ok: true; key: Uint8Array } | { ok: false; problem: Problem };

/**
 * Reads the key: all bytes of the file, less one newline at its end. Whether it can be read is known on the server only, so
 * `check` does not ask.
 *
 * @param directory where a relative name starts: the folder of the configuration file
 */
export function readKeyFile(keyFile: string, directory: string): KeyResult {
  const file = resolve(directory, keyFile);
  const refused = (found: string, expected: string): KeyResult => ({
    ok: false,
    problem: { path: "keepAlive.keyFile", found: `${found} at ${file}`, expected },
  });
  let mode: number;
  let bytes: Uint8Array;
  try {
    const stat = statSync(file);
    if (!stat.isFile() && !stat.isDirectory()) return refused("no regular file", "a readable key file");
    mode = stat.mode & 0o777;
    bytes = readFileSync(file);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return refused(FAULTS[code] ?? message, "a readable key file");
  }
  if ((mode & OTHERS_MAY_READ_OR_WRITE) !== 0) {
    const shown = mode.toString(8).padStart(4, "0");
    return refused(`mode ${shown}`, "0600 or 0400: the key is for its owner alone");
  }
  const key = Uint8Array.from(bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes);
  if (key.length < KEY_BYTES_MIN || key.length > KEY_BYTES_MAX) {
    return refused(`a key of ${key.length} bytes`, `${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`);
  }
  return { ok: true, key };
}
