import { expect, test } from "bun:test";
import { decodeKeys, encodeKeys, keyDigest } from "./start-keys.ts";

const key = new Uint8Array(1024).fill(7);
const acceptKey = new Uint8Array([1, 2, 3]);

test.each([
  { key, acceptKey },
  { key, acceptKey: null },
  { key: null, acceptKey: null },
])("keys go to an engine and are the same there", (keys) => {
  expect(decodeKeys(encodeKeys(keys))).toEqual(keys);
});

test("keys that are cut short are refused", () => {
  const bytes = encodeKeys({ key, acceptKey });
  for (const length of [0, 1, 2, 500, 1026, bytes.length - 1])
    expect(() => decodeKeys(bytes.subarray(0, length))).toThrow(RangeError);
});

test("a digest is of one key and one salt", () => {
  expect(keyDigest(key, "a")).not.toBe(keyDigest(key, "b"));
  expect(keyDigest(key, "a")).not.toBe(keyDigest(acceptKey, "a"));
});
