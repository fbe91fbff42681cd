/**
 * The two checksums of a part, after the tables of published implementations: CRC-16 with
 * polynomial 0x1021 (catalogue: CRC-16/IBM-3740) and CRC-32 with 0x04C11DB7, not reflected
 * (CRC-32/BZIP2, not that of zip and PNG). Both detect damage; neither proves who made a file.
 */

/** Remainders of each byte in the top bits of a 32-bit register, for either polynomial. */
function table(polynomial: number): Int32Array {
  const remainders = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte << 24;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder < 0 ? (remainder << 1) ^ polynomial : remainder << 1;
    remainders[byte] = remainder;
  }
  return remainders;
}

// A 16-bit CRC is a 32-bit one in the upper half of the register.
const TABLE_16 = table(0x1021 << 16);
const TABLE_32 = table(0x04c11db7);

/** Start values; {@link crc16} and {@link crc32} accept and return such remainders. */
export const CRC16_START = 0xffff;
export const CRC32_START = 0;

/** CRC-16 of `bytes`, continued from the CRC `before`. Unsigned, 16 bits. */
export function crc16(bytes: Uint8Array, before = CRC16_START): number {
  return remainderOf(TABLE_16, bytes, before << 16) >>> 16;
}

/** CRC-32 of `bytes`, continued from the CRC `before`. Unsigned, 32 bits. */
export function crc32(bytes: Uint8Array, before = CRC32_START): number {
  return ~remainderOf(TABLE_32, bytes, ~before) >>> 0;
}

function remainderOf(remainders: Int32Array, bytes: Uint8Array, start: number): number {
  let remainder = start;
  for (let at = 0; at < bytes.length; at++) {
    const index = (remainder >>> 24) ^ (bytes[at] as number);
    remainder = (remainder << 8) ^ (remainders[index] as number);
  }
  return remainder;
}
