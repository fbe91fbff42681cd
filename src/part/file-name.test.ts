import { expect, test } from "bun:test";
import { fileNameObjection } from "./file-name.ts";

test.each(["WINGMAN", "WINGMAN@.SERVICE", "a", "x-y_z.1", "...", "A".repeat(255)])(
  "%s is a name",
  (name) => {
    expect(fileNameObjection(name)).toBeNull();
  },
);

test.each([
  ...["", ".", "..", "a b", "a\tb", "a\u0000", "ä", "A".repeat(256)],
  ...Array.from("*\\/\"<>?|~:'", (character) => `A${character}B`),
])("%j is none", (name) => {
  expect(fileNameObjection(name)).not.toBeNull();
});
