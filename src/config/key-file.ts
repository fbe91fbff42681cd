/** The pre-shared key of the keep-alives. */
import { readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";

export const KEY_BYTES_MIN = 16;
export const KEY_BYTES_MAX = 1024;
const OTHERS_MAY_READ_OR_WRITE = 0o077;

/**
 * Reads the key: all bytes of the file, less one newline at its end.
 * @param directory where a relative name starts: the folder of the configuration file
 * @throws Error that says which file, what was found and what is expected
 */
export function readKeyFile(keyFile: string, directory: string): Uint8Array {
  const path = isAbsolute(keyFile) ? keyFile : join(directory, keyFile);
  let mode: number;
  let bytes: Uint8Array;
  try {
    mode = statSync(path).mode;
    bytes = readFileSync(path);
  } catch (error) {
    throw new Error(`keepAlive.keyFile: ${path}: ${(error as Error).message}; expected a readable key file`);
  }
  if ((mode & OTHERS_MAY_READ_OR_WRITE) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, "0");
    throw new Error(
      `keepAlive.keyFile: ${path}: found mode ${found}, expected 0600 or 0400: the key is for its owner only`,
    );
  }
  const end = bytes.length > 0 && bytes[bytes.length - 1] === 0x0a ? bytes.length - 1 : bytes.length;
  if (end < KEY_BYTES_MIN || end > KEY_BYTES_MAX) {
    throw new Error(
      `keepAlive.keyFile: ${path}: found ${end} bytes, expected ${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} (for example: head -c 32 /dev/urandom)`,
    );
  }
  return Uint8Array.from(bytes.subarray(0, end));
}
