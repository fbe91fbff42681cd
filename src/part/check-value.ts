/**
 * Check values of the 665-3 layout: a digest with its type. Words: length of the whole field in
 * bytes, type, value. Length 0, or only type 0, means none.
 */
import { hexText, PartError } from "./part-error.ts";

export interface CheckValue {
  type: number;
  value: Uint8Array;
}

/** Name and size in bytes, indexed by the type's number. */
const TYPES: readonly (readonly [name: string, bytes: number])[] = [
  ["none", 0],
  ["CRC-8", 2], // in a word
  ["CRC-16", 2],
  ["CRC-32", 4],
  ["MD5", 16],
  ["SHA-1", 20],
  ["SHA-256", 32],
  ["SHA-512", 64],
  ["CRC-64", 8],
];

export const CHECK_VALUE_SHA_256 = 6;

/** Bytes of the two words before the value. */
export const CHECK_VALUE_HEAD_BYTES = 4;

/** Name and value length of a type; null when there is no such type. */
export function checkValueType(type: number): { name: string; bytes: number } | null {
  const [name, bytes] = TYPES[type] ?? [];
  return name === undefined || bytes === undefined ? null : { name, bytes };
}

export function sha256CheckValue(digest: Uint8Array): CheckValue {
  return { type: CHECK_VALUE_SHA_256, value: Uint8Array.from(digest) };
}

/**
 * Our parts carry SHA-256 wherever the layout has room for a check value.
 *
 * @param digest the SHA-256 of the covered bytes
 * @throws PartError
 */
export function requireSha256(
  found: CheckValue | null,
  digest: Uint8Array,
  file: string,
  field: string,
): void {
  const expected = `SHA-256 ${Buffer.from(digest).toString("hex")}`;
  if (found === null) throw new PartError(file, field, "none", expected);
  if (found.type === CHECK_VALUE_SHA_256 && Buffer.compare(found.value, digest) === 0) return;
  const name = checkValueType(found.type)?.name ?? hexText(found.type, 4);
  throw new PartError(file, field, `${name} ${Buffer.from(found.value).toString("hex")}`, expected);
}
