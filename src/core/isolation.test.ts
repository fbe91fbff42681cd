import { expect, test } from "bun:test";
import { Isolation } from "./isolation.ts";
import { timingOf } from "./timing.ts";

const timing = timingOf(10, 5, 3, 0); // detection after 50 ms
const BEGAN_US = 1_000_000;

test("without witnesses the last server serves, whoever is heard", () => {
  const isolation = new Isolation(0, timing, BEGAN_US);
  expect(isolation.isCutOff(BEGAN_US + 1e9, false)).toBe(false);
  expect(isolation.hasContact(BEGAN_US, false)).toBe(true);
  expect(isolation.probe()).toBe(-1);
});

test("no carrier is cut off, with peers and without", () => {
  const isolation = new Isolation(0, timing, BEGAN_US);
  isolation.carrier = false;
  expect(isolation.isCutOff(BEGAN_US, true)).toBe(true);
  expect(isolation.hasContact(BEGAN_US, true)).toBe(false);
});

test("no peer and no witness is cut off, after the detection time and a period for each witness", () => {
  const isolation = new Isolation(2, timing, BEGAN_US);
  isolation.onWitness(BEGAN_US + 5_000);
  const cutOffUs = BEGAN_US + 5_000 + 50_000 + 2 * 10_000;
  expect(isolation.isCutOff(cutOffUs - 1, false)).toBe(false);
  expect(isolation.isCutOff(cutOffUs, false)).toBe(true);
  expect(isolation.isCutOff(cutOffUs, true)).toBe(false); // a peer is heard
  isolation.onWitness(cutOffUs);
  expect(isolation.isCutOff(cutOffUs, false)).toBe(false);
});

test("one that starts has no contact before it has heard a peer or a witness, and is cut off when none comes", () => {
  const isolation = new Isolation(1, timing, BEGAN_US);
  expect(isolation.hasContact(BEGAN_US, false)).toBe(false);
  expect(isolation.isCutOff(BEGAN_US, false)).toBe(false);
  expect(isolation.isCutOff(BEGAN_US + 60_000, false)).toBe(true);
  expect(isolation.hasContact(BEGAN_US, true)).toBe(true);
  isolation.onWitness(BEGAN_US + 1_000);
  expect(isolation.hasContact(BEGAN_US + 2_000, false)).toBe(true);
});

test("witnesses are asked in turn, each once in as many periods", () => {
  const isolation = new Isolation(3, timing, BEGAN_US);
  expect([1, 2, 3, 4, 5, 6].map(() => isolation.probe())).toEqual([1, 2, 0, 1, 2, 0]);
});
