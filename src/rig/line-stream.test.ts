import { expect, test } from "bun:test";
import { linesOf } from "./line-stream.ts";

async function linesIn(...chunks: Uint8Array[]): Promise<string[]> {
  async function* stream() {
    yield* chunks;
  }
  return await Array.fromAsync(linesOf(stream()));
}

const bytes = (text: string) => new TextEncoder().encode(text);

test("lines across chunks, several in one, and none unfinished", async () => {
  expect(await linesIn(bytes("a"), bytes("b\nc\n\nd"), bytes("e"))).toEqual(["ab", "c", ""]);
});

test("a character that two chunks share stays whole", async () => {
  const text = bytes("ü\n");
  expect(await linesIn(text.subarray(0, 1), text.subarray(1))).toEqual(["ü"]);
});
