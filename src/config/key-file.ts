/** The pre-shared keys of the keep-alives. */
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { KeepAliveConfig, Problem } from "./model.ts";

export const KEY_BYTES_MIN = 16;
export const KEY_BYTES_MAX = 1024;
const OTHERS_MAY_READ_OR_WRITE = 0o077;
const NEWLINE = 0x0a;

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "a file without permission to read",
  EISDIR: "a directory",
};

/**
 * The key that seals and is accepted, and the key that is only accepted; null when not configured.
 */
export type KeysResult =
  | { ok: true; key: Uint8Array | null; acceptKey: Uint8Array | null }
  | { ok: false; problems: Problem[] };

export type KeyResult = { ok: true; key: Uint8Array } | { ok: false; problem: Problem };

/**
 * Reads the configured keys. Only the server knows whether they are readable, so `check` asks only
 * with `--here`.
 *
 * @param directory base of relative names: the directory of the configuration file
 */
export function readKeys(
  keepAlive: Pick<KeepAliveConfig, "keyFile" | "acceptKeyFile">,
  directory: string,
): KeysResult {
  const results = (["keyFile", "acceptKeyFile"] as const).map((name) => {
    const file = keepAlive[name];
    return file === null ? null : readKeyFile(file, directory, `keepAlive.${name}`);
  });
  const problems = results.flatMap((result) =>
    result === null || result.ok ? [] : [result.problem],
  );
  const [key = null, acceptKey = null] = results.map((result) => (result?.ok ? result.key : null));
  if (key !== null && acceptKey !== null && Buffer.compare(key, acceptKey) === 0) {
    // Also for two names of one file. Servers that still send with the previous key would be
    // rejected.
    const found = `the key of keepAlive.keyFile at ${resolve(directory, keepAlive.acceptKeyFile ?? "")}`;
    problems.push({ path: "keepAlive.acceptKeyFile", found, expected: "another key" });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, key, acceptKey };
}

/**
 * Reads one key: all bytes of the file, less one newline at its end.
 *
 * @param path names the file in problems
 */
export function readKeyFile(keyFile: string, directory: string, path: string): KeyResult {
  const file = resolve(directory, keyFile);
  const refused = (found: string, expected: string): KeyResult => ({
    ok: false,
    problem: { path, found: `${found} at ${file}`, expected },
  });
  let mode: number;
  let bytes: Uint8Array;
  try {
    const stat = statSync(file);
    if (!stat.isFile() && !stat.isDirectory())
      return refused("no regular file", "a readable key file");
    mode = stat.mode & 0o777;
    bytes = readFileSync(file);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    return refused(FAULTS[code] ?? message, "a readable key file");
  }
  const judged = checkKey(mode, bytes);
  return judged.ok ? judged : refused(judged.found, judged.expected);
}

/** The key in a file of this mode with these bytes, or the problem with it. */
export function checkKey(
  mode: number,
  bytes: Uint8Array,
): { ok: true; key: Uint8Array } | { ok: false; found: string; expected: string } {
  if ((mode & OTHERS_MAY_READ_OR_WRITE) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, "0");
    const expected = "0600 or 0400: the key is for its owner alone";
    return { ok: false, found: `mode ${shown}`, expected };
  }
  const key = Uint8Array.from(bytes.at(-1) === NEWLINE ? bytes.subarray(0, -1) : bytes);
  if (key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX) return { ok: true, key };
  const expected = `${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes`;
  return { ok: false, found: `a key of ${key.length} bytes`, expected };
}
