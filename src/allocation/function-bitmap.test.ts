import { expect, test } from "bun:test";
import { BITMAP_WORDS, FUNCTIONS_MAX } from "../limits.ts";
import { addFunction, hasFunction, removeFunction } from "./function-bitmap.ts";

test("every function has a bit of its own in its own set", () => {
  const words = new Uint32Array(3 * BITMAP_WORDS);
  for (let index = 0; index < FUNCTIONS_MAX; index++) {
    addFunction(words, BITMAP_WORDS, index);
    expect(hasFunction(words, BITMAP_WORDS, index)).toBe(true);
    expect(hasFunction(words, 0, index) || hasFunction(words, 2 * BITMAP_WORDS, index)).toBe(false);
    expect(words.filter((word) => word !== 0).length).toBe(1);
    removeFunction(words, BITMAP_WORDS, index);
    expect(words.every((word) => word === 0)).toBe(true);
  }
});

test("adding twice and removing an absent function change nothing", () => {
  const words = new Uint32Array(BITMAP_WORDS);
  addFunction(words, 0, 31);
  addFunction(words, 0, 31);
  removeFunction(words, 0, 30);
  expect([...words.slice(0, 2)]).toEqual([0x80000000, 0]);
});
