import { describe, expect, test } from "bun:test";
import { crc16Slowly, crc32Slowly } from "../../../test/harness/zmodem/receiver.ts";
import {
  CANFC32,
  crc16,
  ESCCTL,
  flagsPosition,
  hexHeader,
  SUBPACKET_ASK,
  ZDATA,
  ZFIN,
  ZmodemEncoder,
  ZRINIT,
  ZRQINIT,
} from "./zmodem-frame.ts";

const ALL = Uint8Array.from({ length: 256 }, (_, byte) => byte);

/** What was escaped, and what was not. */
function unescaped(line: Uint8Array): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < line.length; i++) bytes.push(line[i] === 0x18 ? line[++i] ^ 0x40 : line[i]);
  return bytes;
}

describe("frames of ZMODEM", () => {
  test("the CRC-16 is the one of XMODEM", () => {
    expect(crc16(new TextEncoder().encode("123456789"))).toBe(0x31c3);
    expect(crc16(ALL)).toBe(crc16Slowly([...ALL]));
  });

  test("headers that every terminal program waits for", () => {
    const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    expect(text(hexHeader(ZRQINIT))).toBe("**\x18B00000000000000\r\n\x11");
    expect(text(hexHeader(ZRINIT, flagsPosition(0x23)))).toBe("**\x18B0100000023be50\r\n\x11");
    // No XON behind the good-bye: nobody is there to eat it.
    expect(text(hexHeader(ZFIN))).toBe("**\x18B0800000000022d\r\n");
  });

  test("a binary header carries its position lowest byte first, and the CRC that the receiver can", () => {
    const wide = unescaped(new ZmodemEncoder(CANFC32).header(ZDATA, 0x12345678).subarray(3));
    expect(wide.slice(0, 5)).toEqual([ZDATA, 0x78, 0x56, 0x34, 0x12]);
    const crc = crc32Slowly(wide.slice(0, 5));
    expect(wide.slice(5)).toEqual([crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24]);
    const narrow = unescaped(new ZmodemEncoder(0).header(ZDATA, 0x12345678).subarray(3));
    expect(narrow.slice(0, 5)).toEqual(wide.slice(0, 5));
    expect(narrow.slice(5)).toEqual([
      crc16Slowly(narrow.slice(0, 5)) >> 8,
      crc16Slowly(narrow.slice(0, 5)) & 255,
    ]);
  });

  for (const [capabilities, bare] of [
    [0, [0x0d, 0x10, 0x11, 0x13, 0x18, 0x8d, 0x90, 0x91, 0x93]],
    [ESCCTL, [...ALL].filter((byte) => (byte & 0x60) === 0)],
  ] as const) {
    test(`capabilities ${capabilities}: ${bare.length} byte values never stand on the line as they are`, () => {
      const line = new ZmodemEncoder(capabilities).subpacket(ALL, SUBPACKET_ASK);
      const end = line.lastIndexOf(SUBPACKET_ASK, line.length - 1 - 2);
      expect(line[end - 1]).toBe(0x18);
      expect(unescaped(line.subarray(0, end - 1))).toEqual([...ALL]);
      // ZDLE itself stands before what it escapes and before the end.
      const escapes = line.filter((byte) => byte === 0x18).length;
      expect(line.filter((byte) => bare.includes(byte as never)).length).toBe(escapes);
    });
  }

  test("a full subpacket of nothing but escapes fits", () => {
    const line = new ZmodemEncoder(CANFC32 | ESCCTL).subpacket(
      new Uint8Array(1024).fill(0x18),
      SUBPACKET_ASK,
    );
    expect(unescaped(line.subarray(0, 2048))).toEqual(new Array(1024).fill(0x18));
    expect([...line.subarray(2048, 2050)]).toEqual([0x18, SUBPACKET_ASK]);
  });
});
