import { describe, expect, test } from "bun:test";
import { WordWriter } from "../../scripts/package/word-writer.ts";
import { Cursor } from "./cursor.ts";
import { PartError } from "./part-error.ts";

const cursorOf = (...bytes: number[]) =>
  new Cursor(Uint8Array.from(bytes), "X.LUM", 0, bytes.length);

const words = (...values: number[]) =>
  cursorOf(...values.flatMap((word) => [word >> 8, word & 255]));

const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof PartError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("numbers", () => {
  test("are big-endian", () => {
    const cursor = cursorOf(1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 1, 0, 0, 0, 0);
    expect([cursor.u8("a"), cursor.u16("a"), cursor.u32("a")]).toEqual([1, 0x0203, 0x04050607]);
    expect(cursor.u64("a")).toBe(2 ** 32);
    expect(cursor.at).toBe(15);
  });

  test("end where the bytes end", () => {
    for (const read of ["u8", "u16", "u32", "u64"] as const)
      expect(messageOf(() => new Cursor(new Uint8Array(99), "X.LUM", 8, 8)[read]("f"))).toContain(
        "X.LUM: f: found 0 bytes to the end, expected ",
      );
    expect(messageOf(() => cursorOf(0, 32, 0, 0, 0, 0, 0, 0).u64("f"))).toBe(
      "X.LUM: f: found 9007199254740992, expected less than 2^53",
    );
  });
});

describe("text", () => {
  test("of odd length has a pad byte", () => {
    const cursor = cursorOf(0, 3, 65, 66, 67, 0, 0, 2, 68, 69, 0, 0);
    expect([cursor.text("a"), cursor.text("b"), cursor.text("c")]).toEqual(["ABC", "DE", ""]);
    expect(cursor.at).toBe(12);
  });

  test.each<[number[], string]>([
    [[0, 3, 65, 66, 67, 1], "X.LUM: f: pad byte: found 0x01, expected 0x00"],
    [[0, 3, 65, 66, 67], "X.LUM: f: pad byte: found 0 bytes to the end, expected 1"],
    [[0, 4, 65, 66, 67], "X.LUM: f: found 3 bytes to the end, expected 4"],
    [[255, 255], "X.LUM: f: found 0 bytes to the end, expected 65535"],
    [[0], "X.LUM: f: length: found 1 bytes to the end, expected 2"],
    [[0, 2, 65, 10], "X.LUM: f: found byte 0x0A as character 2, expected printable ASCII"],
    [[0, 2, 200, 65], "X.LUM: f: found byte 0xC8 as character 1, expected printable ASCII"],
  ])("%j", (bytes, expected) => {
    expect(messageOf(() => cursorOf(...bytes).text("f"))).toBe(expected);
  });
});

describe("check values", () => {
  test("none is no length, or a type of none", () => {
    expect(words(0).checkValue("f")).toBeNull();
    expect(words(4, 0).checkValue("f")).toBeNull();
    expect(words(6, 2, 0xabcd).checkValue("f")).toEqual({
      type: 2,
      value: Uint8Array.of(171, 205),
    });
  });

  test.each<[number[], string]>([
    [[2], "X.LUM: f: length: found 2, expected 0, or 4 and more"],
    [[4, 9], "X.LUM: f: type: found 9, expected 0 to 8"],
    [[8, 6, 0, 0], "X.LUM: f: length: found 8, expected 36 for SHA-256"],
    [[36, 6, 0, 0], "X.LUM: f: found 4 bytes to the end, expected 32"],
  ])("%j", (values, expected) => {
    expect(messageOf(() => words(...values).checkValue("f"))).toBe(expected);
  });
});

describe("lists", () => {
  const read = (cursor: Cursor) => cursor.list("entry", (place) => cursor.u16(place));

  test("follow their pointers over what they do not know", () => {
    expect(read(words(0))).toEqual([]);
    expect(read(words(1, 0, 7))).toEqual([7]);
    expect(read(words(2, 2, 7, 0, 8))).toEqual([7, 8]);
    expect(read(words(2, 4, 7, 99, 99, 0, 8))).toEqual([7, 8]);
  });

  test.each<[number[], string]>([
    [[1, 2, 7], "entry 1 of 1: pointer to the next: found 2 words, expected 0 in the last entry"],
    [[2, 0, 7, 0, 8], "entry 1 of 2: pointer to the next: found 0 words, expected 2 to 4 words"],
    [[2, 1, 7, 0, 8], "entry 1 of 2: pointer to the next: found 1 words, expected 2 to 4 words"],
    [[2, 5, 7, 0, 8], "entry 1 of 2: pointer to the next: found 5 words, expected 2 to 4 words"],
    [[3, 2, 7, 2, 8], "entry 3 of 3: pointer to the next: found 0 bytes to the end, expected 2"],
  ])("%j", (values, expected) => {
    expect(messageOf(() => read(words(...values)))).toBe(`X.LUM: ${expected}`);
  });
});

test("written data is read back", () => {
  const out = new WordWriter();
  out.u8(255);
  out.u8(0);
  out.u64(2 ** 40 + 3);
  out.texts(["", "A", "AB"]);
  out.checkValue({ type: 3, value: Uint8Array.of(1, 2, 3, 4) });
  out.checkValue(null);
  out.list(["x", "yz", ""], (entry) => out.text(entry));
  const bytes = out.bytes();
  const cursor = new Cursor(bytes, "X", 0, bytes.length);
  expect([cursor.u8("f"), cursor.u8("f"), cursor.u64("f")]).toEqual([255, 0, 2 ** 40 + 3]);
  expect(cursor.texts("f")).toEqual(["", "A", "AB"]);
  expect(cursor.checkValue("f")?.type).toBe(3);
  expect(cursor.checkValue("f")).toBeNull();
  expect(cursor.list("f", (place) => cursor.text(place))).toEqual(["x", "yz", ""]);
  expect(cursor.at).toBe(bytes.length);
});

test("a writer refuses what does not fit", () => {
  const out = new WordWriter();
  expect(() => out.u16(65_536)).toThrow(RangeError);
  expect(() => out.u8(-1)).toThrow(RangeError);
  expect(() => out.u32(1.5)).toThrow(RangeError);
  expect(() => out.text("ä")).toThrow(RangeError);
});
