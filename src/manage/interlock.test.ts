import { expect, test } from "bun:test";
import { type Action, refusal } from "./interlock.ts";

const ACTIONS: readonly Action[] = [
  ...(["drain", "resume", "capacity", "hold", "move"] as const),
  ...(["clear-faults", "inject-fault", "data-load"] as const),
];
const STOPS = "stops map: no other server could run it";
const GROUND = "/run/wingman/on-ground is missing or invalid, expected 1";

test("on ground everything is allowed", () => {
  for (const stops of ["", STOPS])
    expect(ACTIONS.filter((action) => refusal(action, true, GROUND, stops) !== null)).toEqual([]);
});

test("in the air, and if unknown, only actions that stop and interrupt nothing", () => {
  const allowed = (stops: string): Action[] =>
    ACTIONS.filter((action) => refusal(action, false, GROUND, stops) === null);
  expect(allowed("")).toEqual(["drain", "resume", "capacity", "hold"]);
  expect(allowed(STOPS)).toEqual(["capacity"]); // too warm, it would stop more
});

test("a refusal names the effect, and the content of the input file", () => {
  expect(refusal("move", false, GROUND)).toBe(
    `refused unless on ground: it interrupts the function while it moves (${GROUND})`,
  );
  expect(refusal("drain", false, GROUND, STOPS)).toBe(
    `refused unless on ground: it ${STOPS} (${GROUND})`,
  );
});
