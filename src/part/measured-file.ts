/** Measurements of a part's file for comparison with the lists and the manifest. */
import { createHash } from "node:crypto";
import { CRC16_START, crc16 } from "./crc.ts";

export interface MeasuredFile {
  bytes: number;
  crc16: number;
  sha256: Uint8Array;
  /** Digest without the last byte, and that byte: it may be a pad byte of the 665-2 layout. */
  sha256ButLast: Uint8Array;
  lastByte: number;
}

/**
 * @param chunks the content in pieces
 * @param also receives each piece, for checksums over several files
 */
export function measure(
  chunks: Iterable<Uint8Array>,
  also: (chunk: Uint8Array) => void = () => {},
): MeasuredFile {
  const hash = createHash("sha256");
  let bytes = 0;
  let crc = CRC16_START;
  let last = new Uint8Array(0);
  for (const chunk of chunks) {
    if (chunk.length === 0) continue;
    crc = crc16(chunk, crc);
    hash.update(last).update(chunk.subarray(0, -1));
    last = Uint8Array.from(chunk.subarray(-1));
    bytes += chunk.length;
    also(chunk);
  }
  const sha256ButLast = hash.copy().digest();
  const sha256 = hash.update(last).digest();
  return { bytes, crc16: crc, sha256, sha256ButLast, lastByte: last[0] ?? 0 };
}
