import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { requireFree, writeDirectory } from "./directory-writer.ts";

const folder = scratchDirectory("directory-writer");
const out = join(folder, "deep", "out");
const files = new Map([
  ["A", Buffer.from("a")],
  ["B", Buffer.alloc(0)],
]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("nothing is left of what the judge refuses", () => {
  let seen: string[] = [];
  const refuse = (directory: string): void => {
    seen = readdirSync(directory).sort();
    throw new Error("refused");
  };
  expect(() => writeDirectory(out, files, refuse)).toThrow("refused");
  expect(seen).toEqual(["A", "B"]);
  expect(readdirSync(join(folder, "deep"))).toEqual([]);
});

test("has its name only when it is whole", () => {
  requireFree(out);
  writeDirectory(out, files, () => expect(existsSync(out)).toBe(false));
  expect(readdirSync(out).sort()).toEqual(["A", "B"]);
  expect(readFileSync(join(out, "A"), "utf8")).toBe("a");
  expect(() => requireFree(out)).toThrow("found a directory with files");
});

test("files that came in the meantime are not replaced", () => {
  const late = join(folder, "late");
  const comeInBetween = (): void => {
    mkdirSync(late);
    writeFileSync(join(late, "X"), "x");
  };
  expect(() => writeDirectory(late, files, comeInBetween)).toThrow("ENOTEMPTY");
  expect(readdirSync(late)).toEqual(["X"]);
  expect(readdirSync(folder).sort()).toEqual(["deep", "late"]);
});
