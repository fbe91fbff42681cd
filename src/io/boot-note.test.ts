import { afterAll, expect, spyOn, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { bootId, isFirstInBoot } from "./boot-note.ts";

const directory = scratchDirectory("boot-note");
afterAll(() => rmSync(directory, { recursive: true }));

test("once in each boot", () => {
  const file = join(directory, "told");
  expect(["1", "1", "2", "2", "1"].map((boot) => isFirstInBoot(file, boot))).toEqual([
    ...[true, false, true, false, true],
  ]);
});

test("this boot is the kernel's", () => {
  const file = join(directory, "here");
  expect([isFirstInBoot(file), isFirstInBoot(file)]).toEqual([true, false]);
  expect(readFileSync(file, "latin1")).toBe(`${bootId()}\n`);
  expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
});

test("if nothing can be stored it is still reported, with the reason", () => {
  const said = spyOn(console, "error").mockImplementation(() => {});
  expect(isFirstInBoot(join(directory, "none", "told"))).toBe(true);
  expect(said.mock.calls[0]?.[0]).toContain("ENOENT");
  said.mockRestore();
});
