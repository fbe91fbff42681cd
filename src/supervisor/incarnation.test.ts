import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { Incarnations } from "./incarnation.ts";

let directory: string;
let warnings: string[];
beforeEach(() => {
  directory = join(scratchDirectory("incarnation"), "state");
  warnings = [];
});
afterEach(() => rmSync(join(directory, ".."), { recursive: true, force: true }));

const at = (seconds: number): Incarnations =>
  new Incarnations(
    directory,
    (text) => warnings.push(text),
    () => seconds,
  );

function store(text: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "incarnation"), text);
}

test("the seconds of the clock, and more at each start, also when the clock goes back", () => {
  const first = at(1000);
  expect([first.next(), first.next()]).toEqual([1000, 1001]);
  expect(at(900).next()).toBe(1002);
  expect(at(5000).next()).toBe(5000);
  expect(readFileSync(join(directory, "incarnation"), "utf8")).toBe("5000\n");
  expect(readdirSync(directory)).toEqual(["incarnation"]);
  expect(warnings).toEqual([]);
});

test("what is no incarnation is ignored with a warning", () => {
  for (const text of ["", "abc\n", "-1\n", "1.5", "99999999999\n", "4294967296\n", "12\n13\n"]) {
    store(text);
    warnings = [];
    expect(at(1000).next()).toBe(1000);
    expect(warnings.length).toBe(1);
  }
});

test("the greatest one is followed by the clock's", () => {
  store("4294967295\n");
  expect(at(1000).next()).toBe(1000);
  expect(warnings[0]).toContain("greatest");
});

test("without a store the numbers grow in memory", () => {
  writeFileSync(directory, "a file where a directory should be");
  const incarnations = at(1000);
  expect([incarnations.next(), incarnations.next()]).toEqual([1000, 1001]);
  expect(warnings.some((text) => text.includes("cannot be stored"))).toBe(true);
});
