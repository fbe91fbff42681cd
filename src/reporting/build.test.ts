import { expect, test } from "bun:test";
import { buildNumbers, buildText } from "./build.ts";

test("the first 48 bits of a digest go there and back", () => {
  for (const digest of ["0123456789abcdef", "ffffffffffffffff", "000000000001ffff"])
    expect(buildText(...buildNumbers(digest))).toBe(digest.slice(0, 12));
});

test("an invalid digest is unknown", () => {
  for (const text of ["development", "", "0123"]) {
    expect(buildNumbers(text)).toEqual([0, 0]);
    expect(buildText(...buildNumbers(text))).toBeNull();
  }
});
