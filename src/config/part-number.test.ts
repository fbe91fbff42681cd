import { expect, test } from "bun:test";
import { checkCharacters, hasCorrectCheckCharacters, PART_NUMBER } from "./part-number.ts";

test("check characters of published examples", () => {
  expect(checkCharacters("PN1ABCDEFGH")).toBe("27");
  expect(checkCharacters("ACM12345678")).toBe("47");
});

test("one wrong character is noticed", () => {
  expect(hasCorrectCheckCharacters("WNG5E00010001")).toBe(true);
  for (const wrong of ["WNG5E00010002", "WNG5D00010001", "WNH5E00010001"])
    expect(hasCorrectCheckCharacters(wrong)).toBe(false);
});

test("the product identifier has no letters that look like digits", () => {
  expect(PART_NUMBER.test("PN127ABCDEFGH")).toBe(true);
  for (const letter of "IOQZa") expect(PART_NUMBER.test(`PN127ABCDEFG${letter}`)).toBe(false);
});
