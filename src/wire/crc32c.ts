/**
 * CRC-32C (Castagnoli), as in iSCSI and SCTP (RFC 3720, appendix B.4): reflected polynomial
 * 0x82F63B78, initial value and final complement of all ones. It detects damage; it proves nothing
 * about the sender.
 */
import type { Bytes } from "./bytes.ts";

const POLYNOMIAL = 0x82f63b78;

const TABLE = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  TABLE[byte] = remainder;
}

/** The CRC-32C of `length` bytes from `at`, as an unsigned 32-bit number. No garbage. */
export function crc32c(bytes: Bytes, at: number, length: number): number {
  let remainder = -1;
  for (let i = 0; i < length; i++) {
    remainder =
      (TABLE[(remainder ^ (bytes[at + i] as number)) & 0xff] as number) ^ (remainder >>> 8);
  }
  return ~remainder >>> 0;
}
