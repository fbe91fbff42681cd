import { expect, test } from "bun:test";
import { COLUMNS, NO_BREAK, paragraph, reflowed } from "./paragraph.ts";

test("breaks at spaces, with another margin from the second line", () => {
  const lines = paragraph("word ".repeat(40).trim(), "- ", "  ").split("\n");
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.every((line) => line.length <= COLUMNS)).toBe(true);
  expect(lines[0]?.startsWith("- word")).toBe(true);
  expect(lines[1]?.startsWith("  word")).toBe(true);
  expect(lines.join(" ").match(/word/g)).toHaveLength(40);
});

test("uses the whole width and never cuts a word", () => {
  expect(paragraph(`${"a".repeat(39)} ${"b".repeat(40)}`)).toHaveLength(80);
  expect(paragraph(`${"a".repeat(40)} ${"b".repeat(40)}`).split("\n")).toHaveLength(2);
  expect(paragraph(`x ${"b".repeat(100)} y`)).toBe(`x\n${"b".repeat(100)}\ny`);
});

test("keeps together what belongs together", () => {
  expect(paragraph(`${"a".repeat(76)} b${NO_BREAK}(1)`)).toBe(`${"a".repeat(76)}\nb (1)`);
});

test("reflows prose and leaves tables alone", () => {
  expect(reflowed("one\ntwo\n\n  indented\nline\n\na  b\nc  d")).toBe(
    "one two\n\n  indented\nline\n\na  b\nc  d",
  );
});
