import { expect, test } from "bun:test";
import { crc16, crc32 } from "./crc.ts";

const repeated = (count: number, ...bytes: number[]) =>
  Uint8Array.from({ length: count * bytes.length }, (_, at) => bytes[at % bytes.length] ?? 0);

/** Published vectors; test/part/independent.test.ts compares with another implementation. */
test.each<[string, Uint8Array, number, number]>([
  ["123456789", Buffer.from("123456789"), 0x29b1, 0xfc891918],
  ["nothing", new Uint8Array(0), 0xffff, 0],
  ["128 x FF", repeated(128, 0xff), 0x1da3, 0x322ab4a6],
  ["100 x 00", repeated(100, 0), 0x4634, 0x53631199],
  ["128 x AA55", repeated(128, 0xaa, 0x55), 0x1d7e, 0xc2f270bc],
  ["00..FF", Uint8Array.from({ length: 256 }, (_, at) => at), 0x3fbd, 0xb6b5ee95],
])("%s", (_, bytes, expected16, expected32) => {
  expect(crc16(bytes)).toBe(expected16);
  expect(crc32(bytes)).toBe(expected32);
});

test("a CRC continues where it stopped", () => {
  const bytes = repeated(50, 1, 2, 3, 200, 255);
  for (const cut of [0, 1, 99, 250]) {
    const [head, tail] = [bytes.subarray(0, cut), bytes.subarray(cut)];
    expect(crc16(tail, crc16(head))).toBe(crc16(bytes));
    expect(crc32(tail, crc32(head))).toBe(crc32(bytes));
  }
});
