import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../../test/harness/run-mark.ts";
import { type GroundReading, GroundSignal, readGroundInput } from "./ground-input.ts";

const directory = scratchDirectory("ground");
afterAll(() => rmSync(directory, { recursive: true }));

test("the first character of the file, and nothing else", () => {
  const file = join(directory, "input");
  expect(readGroundInput(file)).toBe(null);
  for (const [text, reading] of [
    ["1", true],
    ["1\n", true],
    ["0\n", false],
    ["10", true],
    ["", null],
    ["\n1", null],
    ["true", null],
    ["\u00b9", null],
  ] as const) {
    writeFileSync(file, text);
    expect([text, readGroundInput(file)]).toEqual([text, reading]);
  }
});

test("something that is no file gives no value, and is not waited for", () => {
  const folder = join(directory, "folder");
  mkdirSync(folder);
  expect(readGroundInput(folder)).toBe(null);
  const pipe = join(directory, "pipe");
  expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
  expect(readGroundInput(pipe)).toBe(null);
});

/** What a series of readings changes: legs as they begin, then the state for the interlock. */
function after(...readings: GroundReading[]): {
  legs: boolean[];
  isOnGround: boolean;
  isSilent: boolean;
} {
  const signal = new GroundSignal();
  const legs = readings.flatMap((reading) => signal.take(reading) ?? []);
  return { legs, isOnGround: signal.isOnGround, isSilent: signal.isSilent };
}

test("on ground is believed at the second reading", () => {
  expect(after(true)).toEqual({ legs: [], isOnGround: false, isSilent: false });
  expect(after(true, true)).toEqual({ legs: [true], isOnGround: true, isSilent: false });
  expect(after(true, true, true)).toEqual({ legs: [true], isOnGround: true, isSilent: false });
});

const air = (count: number): false[] => Array(count).fill(false);

test("off ground counts at once, and changes the leg at the tenth reading", () => {
  expect(after(true, true, false)).toEqual({ legs: [true], isOnGround: false, isSilent: false });
  expect(after(true, true, ...air(9)).legs).toEqual([true]);
  expect(after(true, true, ...air(10))).toEqual({
    legs: [true, false],
    isOnGround: false,
    isSilent: false,
  });
});

test("a contact that bounces, or a signal that flaps, makes no leg", () => {
  expect(after(true, true, ...air(9), true, true, ...air(9), true, true).legs).toEqual([true]);
  expect(after(...air(2), true, ...air(9), true, true).legs).toEqual([false]);
  expect(after(true, true, false, true).isOnGround).toBe(true);
  expect(after(false, false, true, false, true).isOnGround).toBe(false);
});

test("silence is not on ground, and changes no leg", () => {
  expect(after(null, null)).toEqual({ legs: [], isOnGround: false, isSilent: false });
  expect(after(true, true, null)).toEqual({ legs: [true], isOnGround: false, isSilent: false });
  expect(after(true, true, null, null, true, true)).toEqual({
    legs: [true],
    isOnGround: true,
    isSilent: false,
  });
  expect(after(false, false, null, null)).toEqual({
    legs: [false],
    isOnGround: false,
    isSilent: true,
  });
});
