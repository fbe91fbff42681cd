/**
 * Operations on raw bytes that the codecs share. None of them makes garbage: numbers in, numbers
 * out, and every buffer is the caller's.
 */

/** What codecs accept as bytes: indexable, never grown. */
export type Bytes = Uint8Array;

/** Copies `length` bytes. A loop, because `set(subarray())` creates a view in every call. */
export function copyBytes(
  target: Bytes,
  targetAt: number,
  source: Bytes,
  sourceAt: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) target[targetAt + i] = source[sourceAt + i] as number;
}

export function fillBytes(target: Bytes, at: number, length: number, value: number): void {
  for (let i = 0; i < length; i++) target[at + i] = value;
}

/** Whether `length` bytes are the same in both. */
export function sameBytes(a: Bytes, aAt: number, b: Bytes, bAt: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/**
 * Adds the Internet checksum's running sum (RFC 1071) over `length` bytes in network order to
 * `sum`. An odd last byte counts as the high half of a word. The caller folds the result with
 * {@link foldChecksum}.
 */
export function addChecksum(bytes: Bytes, at: number, length: number, sum: number): number {
  const even = length & ~1;
  for (let i = 0; i < even; i += 2)
    sum += ((bytes[at + i] as number) << 8) | (bytes[at + i + 1] as number);
  if (length !== even) sum += (bytes[at + even] as number) << 8;
  return sum;
}

/** Folds the carries of {@link addChecksum} into 16 bits and complements: the header's value. */
export function foldChecksum(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
