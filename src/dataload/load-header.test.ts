import { expect, test } from "bun:test";
import { loadHeader } from "../../test/dataload/load-set.ts";
import { SeededRandom } from "../../test/harness/seeded-random.ts";
import { readLoadHeader } from "./load-header.ts";
import { ProtocolFileError } from "./protocol-file.ts";

const content = (bytes: number) => new Uint8Array(bytes);
const HEADER = loadHeader(
  "WNG5D00020001",
  ["WINGHESA", "OTHER"],
  [
    { name: "A.BIN", content: content(11) },
    { name: "BB.BIN", content: content(12) },
  ],
  [{ name: "NOTES.TXT", content: content(3) }],
);
const read = (bytes: Uint8Array) => readLoadHeader(bytes, "A.LUH");

test("part number, hardware and files of a header", () => {
  expect(read(HEADER)).toEqual({
    partNumber: "WNG5D00020001",
    hardware: ["WINGHESA", "OTHER"],
    files: [
      { name: "A.BIN", lengthMin: 11, lengthMax: 11 },
      { name: "BB.BIN", lengthMin: 12, lengthMax: 12 },
      { name: "NOTES.TXT", lengthMin: 3, lengthMax: 3 },
    ],
  });
});

test("of supplement 2, in which lengths are counted in words, by hand", () => {
  const words = [
    // length, version, spare; pointers: part number, hardware, data files, none, none
    [0, 31, 0x8003, 0, 0, 14, 0, 18, 0, 21, 0, 0, 0, 0],
    [6, 0x504e, 0x3237, 0x4142], // "PN27AB"
    [1, 2, 0x4857], // one, "HW"
    [1, 0, 1, 0x4600, 0, 0, 5, 0x29b1], // one, last; "F", "", 5 words, checksum
    [0, 0],
  ].flat();
  const header = Buffer.alloc(words.length * 2);
  for (const [index, word] of words.entries()) header.writeUInt16BE(word, index * 2);
  expect(read(header)).toEqual({
    ...{ partNumber: "PN27AB", hardware: ["HW"] },
    files: [{ name: "F", lengthMin: 9, lengthMax: 10 }],
  });
});

test("words and bytes that are not the same length", () => {
  const header = Buffer.from(HEADER);
  const at = header.indexOf(Buffer.from([0, 0, 0, 6])); // 11 bytes
  header[at + 3] = 7;
  expect(() => read(header)).toThrow(
    "found 7 words and 11 bytes, expected the same length in both",
  );
});

test("cut, or changed anywhere: read, or refused by an error that says where", () => {
  for (let length = 0; length < HEADER.length; length++)
    expect(() => read(HEADER.subarray(0, length))).toThrow(/^A\.LUH, byte \d+: found/);
  const random = new SeededRandom(665);
  for (let round = 0; round < 5000; round++) {
    const header = Buffer.from(HEADER);
    for (let change = random.below(4); change >= 0; change--)
      header[random.below(header.length)] = random.below(256);
    try {
      read(header);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolFileError);
    }
  }
});
