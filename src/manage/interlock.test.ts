import { expect, test } from "bun:test";
import { type Action, refusal } from "./interlock.ts";

const ACTIONS: readonly Action[] = [
  ...(["drain", "resume", "move", "clear-faults", "inject-fault", "data-load"] as const),
];
const STOPS = "stops map: no other server could run it";
const GROUND = "/run/wingman/on-ground is missing, or says nothing, expected 1";

test("on ground everything is allowed", () => {
  for (const stops of ["", STOPS])
    expect(ACTIONS.filter((action) => refusal(action, true, GROUND, stops) !== null)).toEqual([]);
});

test("in the air, and where nobody knows, only what stops nothing and interrupts nothing", () => {
  const allowed = (stops: string): Action[] =>
    ACTIONS.filter((action) => refusal(action, false, GROUND, stops) === null);
  expect(allowed("")).toEqual(["drain", "resume"]);
  expect(allowed(STOPS)).toEqual([]);
});

test("a refusal says what would happen, and which file says what", () => {
  expect(refusal("move", false, GROUND)).toBe(
    `refused unless on ground: it interrupts the function while it moves (${GROUND})`,
  );
  expect(refusal("drain", false, GROUND, STOPS)).toBe(
    `refused unless on ground: it ${STOPS} (${GROUND})`,
  );
});
