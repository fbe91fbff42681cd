import { expect, test } from "bun:test";
import { until } from "./until.ts";

test("gives what is found, also nothing but a zero or an empty text", async () => {
  const answers = [undefined, null, false, 0];
  expect(await until("a number", () => answers.shift())).toBe(0);
  expect(answers).toEqual([]);
  expect(await until("a text", async () => "")).toBe("");
});

test("reports what was awaited, and the current value", async () => {
  await expect(until("the end", () => false, 20)).rejects.toThrow("in vain: the end");
  let looks = 0;
  const look = (): null => {
    looks++;
    return null;
  };
  await expect(until(() => `the end; ${looks} looks`, look, 20)).rejects.toThrow(/; [2-9] looks$/);
});

test("an error of the probe is the error", async () => {
  const broken = (): boolean => {
    throw new Error("it has no such file");
  };
  await expect(until("a file", broken)).rejects.toThrow("it has no such file");
});
