import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { reserve } from "./incarnation-store.ts";

let directory: string;
beforeEach(() => {
  directory = join(scratchDirectory("incarnation"), "state");
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

function store(text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "incarnation"), text);
}

test("the seconds of the clock, and more each time, also when the clock goes back", () => {
  expect(reserve(directory, 1000, 10)).toEqual({ first: 1000, last: 1009, warnings: [] });
  expect(reserve(directory, 900, 10).first).toBe(1010);
  expect(reserve(directory, 5000, 10).last).toBe(5009);
  expect(readFileSync(join(directory, "incarnation"), "utf8")).toBe("5009\n");
  expect(readdirSync(directory)).toEqual(["incarnation"]);
});

test("an invalid incarnation is ignored with a warning", () => {
  for (const text of ["", "abc\n", "-1\n", "1.5", "99999999999\n", "4294967296\n", "12\n13\n"]) {
    store(text);
    const { first, warnings } = reserve(directory, 1000, 10);
    expect([first, warnings.length]).toEqual([1000, 1]);
  }
});

test("the greatest ones are followed by the clock's", () => {
  store("4294967290\n");
  const { first, warnings } = reserve(directory, 1000, 10);
  expect(first).toBe(1000);
  expect(warnings[0]).toContain("maximum");
});

test("an incarnation that cannot be stored is still reserved, with a warning", () => {
  writeFileSync(directory, "a file where a directory should be");
  const { first, warnings } = reserve(directory, 1000, 10);
  expect(first).toBe(1000);
  expect(warnings.some((text) => text.includes("cannot be stored"))).toBe(true);
});
