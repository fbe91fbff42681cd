import { describe, expect, test } from "bun:test";
import { crc32c } from "./crc32c.ts";

const all = (bytes: Uint8Array): number => crc32c(bytes, 0, bytes.length);

describe("test vectors of RFC 3720, appendix B.4", () => {
  const rising = Uint8Array.from({ length: 32 }, (_, i) => i);
  test("32 bytes of zeros", () => expect(all(new Uint8Array(32))).toBe(0x8a9136aa));
  test("32 bytes of ones", () => expect(all(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43));
  test("32 rising bytes", () => expect(all(rising)).toBe(0x46dd794e));
  test("32 falling bytes", () => expect(all(rising.toReversed())).toBe(0x113fdb5c));
});

test("the usual check value", () =>
  expect(all(new TextEncoder().encode("123456789"))).toBe(0xe3069283));

test("nothing has the CRC 0", () => expect(all(new Uint8Array(0))).toBe(0));

test("only the range counts", () => {
  const bytes = new TextEncoder().encode("xx123456789yy");
  expect(crc32c(bytes, 2, 9)).toBe(0xe3069283);
});
