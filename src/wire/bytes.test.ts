import { expect, test } from "bun:test";
import { addChecksum, copyBytes, fillBytes, foldChecksum, sameBytes } from "./bytes.ts";

test("copying, filling and comparing keep to their range", () => {
  const target = new Uint8Array(8);
  copyBytes(target, 2, Uint8Array.of(1, 2, 3, 4, 5), 1, 3);
  expect([...target]).toEqual([0, 0, 2, 3, 4, 0, 0, 0]);
  fillBytes(target, 4, 2, 9);
  expect([...target]).toEqual([0, 0, 2, 3, 9, 9, 0, 0]);
  expect(sameBytes(target, 2, Uint8Array.of(2, 3), 0, 2)).toBe(true);
  expect(sameBytes(target, 2, Uint8Array.of(2, 4), 0, 2)).toBe(false);
  expect(sameBytes(target, 2, Uint8Array.of(2, 4), 0, 1)).toBe(true);
});

test("the Internet checksum of RFC 1071, section 3: 00 01 f2 03 f4 f5 f6 f7 sums to ddf2", () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
  expect(foldChecksum(addChecksum(bytes, 0, 8, 0))).toBe(~0xddf2 & 0xffff);
  // in parts, as a packet with a pseudo header is summed
  expect(foldChecksum(addChecksum(bytes, 4, 4, addChecksum(bytes, 0, 4, 0)))).toBe(
    ~0xddf2 & 0xffff,
  );
});

test("an odd last byte is the high half of a word", () => {
  expect(foldChecksum(addChecksum(Uint8Array.of(0x12, 0x34, 0x56), 0, 3, 0))).toBe(
    ~(0x1234 + 0x5600) & 0xffff,
  );
});

test("carries are folded until none is left", () => {
  expect(foldChecksum(0x1ffff)).toBe(~1 & 0xffff);
  expect(foldChecksum(addChecksum(new Uint8Array(2048).fill(0xff), 0, 2048, 0))).toBe(0);
});
