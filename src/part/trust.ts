/** The public keys whose parts a server accepts. */
import type { KeyObject } from "node:crypto";
import { resolve } from "node:path";
import { readTextFile } from "../config/json-file.ts";
import type { Problem } from "../config/model.ts";
import { readPublicKey } from "./signature.ts";

export type KeysReading = { ok: true; keys: KeyObject[] } | { ok: false; problems: Problem[] };

const EXPECTED = "an Ed25519 public key in PEM";

/**
 * Reads the files of `parts.trust`.
 *
 * @param directory base of relative names: the directory of the configuration file
 */
export function readTrustedKeys(files: readonly string[], directory: string): KeysReading {
  const keys: KeyObject[] = [];
  const problems: Problem[] = [];
  files.forEach((name, index) => {
    const file = resolve(directory, name);
    const reading = readTrustedKey(file);
    if (reading.ok) keys.push(reading.key);
    else {
      const found = `${reading.found} at ${file}`;
      problems.push({ path: `parts.trust[${index}]`, found, expected: EXPECTED });
    }
  });
  return problems.length > 0 ? { ok: false, problems } : { ok: true, keys };
}

/** Reads one such file. */
export function readTrustedKey(
  file: string,
): { ok: true; key: KeyObject } | { ok: false; found: string; expected: string } {
  const reading = readTextFile(file);
  if (!reading.ok) {
    const [{ found } = { found: "nothing" }] = reading.problems;
    return { ok: false, found, expected: EXPECTED };
  }
  const key = readPublicKey(reading.text);
  return key.ok ? key : { ...key, expected: EXPECTED };
}
