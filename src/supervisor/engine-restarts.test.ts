import { expect, test } from "bun:test";
import { EngineRestarts, EXIT_RELEASED } from "./engine-restarts.ts";

const CRASH = { exitCode: null, signal: "SIGSEGV" };
const WRONG = { exitCode: 2, signal: null };

test("the first restart is at once, then pauses grow; a life of a minute forgives", () => {
  const restarts = new EngineRestarts();
  restarts.ready();
  const pauses = [10, 10, 10, 10].map((lifeMs) => restarts.pauseMsAfter(CRASH, lifeMs));
  expect(pauses).toEqual([0, 100, 200, 400]);
  expect(restarts.pauseMsAfter(CRASH, 59_999)).toBe(800);
  expect(restarts.pauseMsAfter(CRASH, 60_000)).toBe(0);
});

test("three failed starts in a row end it, unless one engine was ready once", () => {
  const never = new EngineRestarts();
  expect([1, 2, 3].map(() => never.pauseMsAfter(CRASH, 1))).toEqual([0, 100, null]);
  const once = new EngineRestarts();
  once.pauseMsAfter(CRASH, 1);
  once.pauseMsAfter(CRASH, 1);
  once.ready();
  expect(once.pauseMsAfter(CRASH, 1)).toBe(200);
});

test("exit code 2 ends it at the start, but never in flight", () => {
  expect(new EngineRestarts().pauseMsAfter(WRONG, 1)).toBeNull();
  const flying = new EngineRestarts();
  flying.ready();
  expect(flying.pauseMsAfter(WRONG, 1)).toBe(0);
});

test("an engine that let go, because it was stopped or starved, is replaced at once; one that does nothing else is not", () => {
  const letGo = { exitCode: EXIT_RELEASED, signal: null };
  const restarts = new EngineRestarts();
  restarts.ready();
  expect([1000, 2000, 3000, 1000].map((lifeMs) => restarts.pauseMsAfter(letGo, lifeMs))).toEqual([
    0, 0, 0, 0,
  ]);
  expect([10, 10, 10].map((lifeMs) => restarts.pauseMsAfter(letGo, lifeMs))).toEqual([0, 100, 200]);
});
