import { crc16, XOFF, XON, ZDLE, ZPAD } from "./zmodem-frame.ts";

/** Result of a byte. */
export const READ_NOTHING = 0;
export const READ_HEADER = 1;
/** Five CANs in a row: the other side gives up. */
export const READ_CANCEL = 2;

const CANCELS = 5;
const HEX = 0x42;
/** Type, four bytes and CRC-16, two digits each. */
const DIGITS = 14;

/**
 * Finds headers in a receiver's output, which only sends hexadecimal ones (section 7.3.3 of the
 * specification). Everything else, and a header with a wrong CRC, is skipped: text of a terminal,
 * noise, the end of a line. Its memory is bounded.
 */
export class ZmodemHeaderReader {
  /** Type of the last header. */
  type = 0;
  /** Its four bytes as a position. */
  position = 0;
  readonly #bytes = new Uint8Array(DIGITS / 2);
  #cancels = 0;
  #isAfterPad = false;
  #isAfterZdle = false;
  /** Digits read; −1 outside a header. */
  #digits = -1;

  /** ZF0 of the last header. */
  get flags(): number {
    return this.position >>> 24;
  }

  /** ZP0 and ZP1 of the last header. */
  get shortPosition(): number {
    return this.position & 0xffff;
  }

  /**
   * Takes the next byte of the line; returns READ_*. Ignores the eighth bit, as on a line with
   * parity.
   */
  read(byte: number): number {
    const character = byte & 0x7f;
    // Flow control may occur anywhere.
    if (character === XON || character === XOFF) return READ_NOTHING;
    this.#cancels = character === ZDLE ? this.#cancels + 1 : 0;
    if (this.#cancels === CANCELS) {
      this.#cancels = 0;
      return READ_CANCEL;
    }
    if (this.#digits >= 0) return this.#readDigit(character);
    if (this.#isAfterZdle && character === HEX) this.#digits = 0;
    this.#isAfterZdle = character === ZDLE && this.#isAfterPad;
    this.#isAfterPad = character === ZPAD;
    return READ_NOTHING;
  }

  #readDigit(character: number): number {
    const digit = hexDigit(character);
    if (digit < 0) {
      this.#digits = -1;
      this.#isAfterZdle = false;
      this.#isAfterPad = character === ZPAD;
      return READ_NOTHING;
    }
    const at = this.#digits >> 1;
    this.#bytes[at] = (this.#bytes[at] << 4) | digit;
    if (++this.#digits < DIGITS) return READ_NOTHING;
    this.#digits = -1;
    // A CRC over data and its own two bytes gives 0.
    if (crc16(this.#bytes) !== 0) return READ_NOTHING;
    const bytes = this.#bytes;
    this.type = bytes[0];
    this.position = (bytes[1] | (bytes[2] << 8) | (bytes[3] << 16) | (bytes[4] << 24)) >>> 0;
    return READ_HEADER;
  }
}

function hexDigit(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const lower = character | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
