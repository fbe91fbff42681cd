/**
 * The line format of ZMODEM: headers, data subpackets and their escapes, as far as a sender needs
 * them. Source: Chuck Forsberg, "The ZMODEM Inter Application File Transfer Protocol",
 * revision of 14 October 1988, sections 7 and 11.
 *
 * A header names an action, with four bytes that are either a position, lowest byte first, or
 * flags, the last of which is ZF0:
 *
 * | header      | on the line                                                                                           |
 * |-------------|-------------------------------------------------------------------------------------------------------|
 * | hexadecimal | `*` `*` ZDLE `B`, then type, four bytes and CRC-16 as lower-case digits, CR LF,
 * and XON but after ZACK and ZFIN |
 * | binary      | `*` ZDLE `A`, then escaped: type, four bytes, CRC-16, high byte first                                  |
 * | binary 32   | `*` ZDLE `C`, then escaped: type, four bytes, CRC-32, low byte first                                   |
 *
 * A data subpacket follows a binary header or another subpacket: up to 1,024 escaped bytes, ZDLE,
 * its end (SUBPACKET_*), and the escaped CRC, of the header's kind, over the bytes and the end.
 */
import { ZMODEM_SUBPACKET_BYTES_MAX } from "../../limits.ts";

export const ZPAD = 0x2a;
/** Also CAN: five of them in a row end a session. */
export const ZDLE = 0x18;
export const XON = 0x11;
export const XOFF = 0x13;

// Types of headers.
export const ZRQINIT = 0;
export const ZRINIT = 1;
export const ZACK = 3;
export const ZFILE = 4;
export const ZSKIP = 5;
export const ZNAK = 6;
export const ZABORT = 7;
export const ZFIN = 8;
export const ZRPOS = 9;
export const ZDATA = 10;
export const ZEOF = 11;
export const ZFERR = 12;
export const ZCRC = 13;
export const ZCHALLENGE = 14;

// ZF0 of ZRINIT: capabilities and wishes of the receiver.
/** Full duplex: it can receive while it sends. */
export const CANFDX = 0x01;
/** It can receive while it writes to its disk. */
export const CANOVIO = 0x02;
export const CANFC32 = 0x20;
/** It wants every control character escaped. */
export const ESCCTL = 0x40;
/** Its line has seven bits. */
export const ESC8 = 0x80;

/** ZF0 of ZFILE: binary, bytes unchanged. */
export const ZCBIN = 1;

// Ends of data subpackets.
/** End of the frame; a header follows. */
export const SUBPACKET_LAST = 0x68;
/** Another subpacket follows, and no answer is wanted. */
export const SUBPACKET_MORE = 0x69;
/** Another subpacket follows at once, and a ZACK is wanted meanwhile. */
export const SUBPACKET_ASK = 0x6a;
/** End of the frame; nothing follows before the ZACK. */
export const SUBPACKET_WAIT = 0x6b;

/**
 * Eight CANs, of which five are enough, and as many backspaces that erase what a terminal shows of
 * them.
 */
export const CANCEL = Uint8Array.of(...new Array(8).fill(ZDLE), ...new Array(8).fill(0x08));

const CRC16_POLYNOMIAL = 0x1021;
/** CRC-16 steps for each value of its high byte when that is shifted out. */
const CRC16_STEPS = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit++)
    crc = (crc & 0x8000) !== 0 ? (crc << 1) ^ CRC16_POLYNOMIAL : crc << 1;
  return crc;
});

function crc16Step(crc: number, byte: number): number {
  return ((crc << 8) & 0xffff) ^ CRC16_STEPS[(crc >> 8) ^ byte];
}

/**
 * CRC-16 of ZMODEM (polynomial 0x1021, start 0, high bit first) over `bytes`, continued from `crc`.
 */
export function crc16(bytes: Uint8Array, crc = 0): number {
  for (let i = 0; i < bytes.length; i++) crc = crc16Step(crc, bytes[i]);
  return crc;
}

/** Type and four bytes of a header with a 32-bit position. */
function headerBytes(type: number, position: number): Uint8Array {
  return Uint8Array.of(type, position, position >>> 8, position >>> 16, position >>> 24);
}

/** A position whose last byte on the line is `flags` (ZF0) and whose other bytes are 0. */
export function flagsPosition(flags: number): number {
  return (flags << 24) >>> 0;
}

/** A header without subpackets, for every line and receiver. */
export function hexHeader(type: number, position = 0): Uint8Array {
  const fields = headerBytes(type, position);
  const crc = crc16(fields);
  const digits = Buffer.from([...fields, crc >> 8, crc & 0xff]).toString("hex");
  const end = type === ZACK || type === ZFIN ? "\r\n" : "\r\n\x11";
  return new TextEncoder().encode(`**\x18B${digits}${end}`);
}

/** Escapes and checksums as requested by one receiver. */
export class ZmodemEncoder {
  readonly #wide: boolean;
  readonly #escaped: Uint8Array;
  /** Every byte escaped, ZDLE and the end of a subpacket, an escaped CRC. */
  readonly #line = new Uint8Array(2 * ZMODEM_SUBPACKET_BYTES_MAX + 16);
  #length = 0;

  /** @param capabilities ZF0 of the receiver's ZRINIT */
  constructor(capabilities: number) {
    this.#wide = (capabilities & CANFC32) !== 0;
    this.#escaped = escapes((capabilities & ESCCTL) !== 0);
  }

  /** A header that may be followed by subpackets. */
  header(type: number, position: number): Uint8Array {
    this.#length = 0;
    this.#line[this.#length++] = ZPAD;
    this.#line[this.#length++] = ZDLE;
    this.#line[this.#length++] = this.#wide ? 0x43 : 0x41;
    const fields = headerBytes(type, position);
    this.#put(fields);
    this.#putCrc(fields);
    return this.#line.slice(0, this.#length);
  }

  /** A subpacket of at most ZMODEM_SUBPACKET_BYTES_MAX bytes. */
  subpacket(bytes: Uint8Array, end: number): Uint8Array {
    this.#length = 0;
    this.#put(bytes);
    this.#line[this.#length++] = ZDLE;
    this.#line[this.#length++] = end;
    this.#putCrc(bytes, Uint8Array.of(end));
    return this.#line.slice(0, this.#length);
  }

  #put(bytes: Uint8Array): void {
    const line = this.#line;
    let length = this.#length;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      const escaped = this.#escaped[byte];
      if (escaped !== 0) {
        line[length++] = ZDLE;
        line[length++] = escaped;
      } else line[length++] = byte;
    }
    this.#length = length;
  }

  #putCrc(bytes: Uint8Array, end = new Uint8Array(0)): void {
    if (this.#wide) {
      const crc = Bun.hash.crc32(end, Bun.hash.crc32(bytes));
      this.#put(Uint8Array.of(crc, crc >>> 8, crc >>> 16, crc >>> 24));
    } else {
      const crc = crc16(end, crc16(bytes));
      this.#put(Uint8Array.of(crc >> 8, crc));
    }
  }
}

/**
 * ZDLE itself; DLE, XON and XOFF, because modems and lines with software flow control act on them,
 * also with bit 7; and CR, which after an "@" is a command to old packet networks (a preceding "@"
 * is not checked).
 */
const ESCAPED = [ZDLE, 0x10, 0x90, XON, XON | 0x80, XOFF, XOFF | 0x80, 0x0d, 0x8d];

/** Escape of each byte after ZDLE, 0 for a byte that is sent unchanged. */
function escapes(allControls: boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const isEscaped = allControls ? (byte & 0x60) === 0 : ESCAPED.includes(byte);
    return isEscaped ? byte ^ 0x40 : 0;
  });
}
