import { expect, test } from "bun:test";
import { type Action, refusal } from "./interlock.ts";

const ACTIONS: readonly Action[] = [
  "drain",
  "drain-last",
  "resume",
  "move",
  "clear-faults",
  "inject-fault",
];

test("on ground everything is allowed", () => {
  expect(ACTIONS.filter((action) => refusal(action, true) !== null)).toEqual([]);
});

test("in the air, and where nobody knows, only what leaves somebody to serve", () => {
  expect(ACTIONS.filter((action) => refusal(action, false) === null)).toEqual(["drain", "resume"]);
  expect(refusal("move", false)).toBe(
    "refused unless on ground: it interrupts the function while it moves",
  );
});
