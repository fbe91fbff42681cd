import { expect, test } from "bun:test";
import { Pauses } from "./pauses.ts";

test("pauses double up to the limit, each place for itself", () => {
  const pauses = new Pauses(2, 100, 350);
  const dues: number[] = [];
  for (let nowUs = 1000, i = 0; i < 4; i++, nowUs = pauses.dueUs[0] as number) {
    pauses.note(0, nowUs);
    dues.push((pauses.dueUs[0] as number) - nowUs);
  }
  expect(dues).toEqual([100, 200, 350, 350]);
  expect(pauses.dueUs[1]).toBe(0);
});

test("an entry that held for its pause, or is well, starts over", () => {
  const pauses = new Pauses(1, 100, 400);
  pauses.note(0, 1000);
  pauses.note(0, 1100);
  expect(pauses.dueUs[0]).toBe(1300);
  pauses.note(0, 1499);
  expect(pauses.dueUs[0]).toBe(1899);
  pauses.note(0, 2299);
  expect(pauses.dueUs[0]).toBe(2399);
  pauses.note(0, 2399);
  pauses.forget(0);
  expect(pauses.dueUs[0]).toBe(0);
  pauses.note(0, 2400);
  expect(pauses.dueUs[0]).toBe(2500);
});
