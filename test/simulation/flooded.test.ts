/**
 * A server that is flooded on every network hears nobody, and everybody hears it. The owners let
 * go, and what another one takes meanwhile the flooded one takes as well when it has lost all
 * others. Found with seed 500022017; here with other moments, which random flights rarely meet.
 */
import { expect, test } from "bun:test";
import { fly } from "./flight.ts";
import { Random } from "./random.ts";

const SEED = 500022017;
const FLIGHTS = 60;
const SHIFT_US = 30_000;
const HORIZON_US = 900_000;

test("the flight that showed it violates nothing", () => {
  expect(fly({ seed: SEED, leaseTicksMs: 0 }).violation).toBeNull();
});

test("nor does it when bits flip and the flood begins a little sooner or later", () => {
  const { faults } = fly({ seed: SEED, leaseTicksMs: 0 });
  const two = ["bit flips", "flood"].map((kind) => faults.find((fault) => fault.kind === kind));
  const random = new Random(SEED);
  for (let flight = 0; flight < FLIGHTS; flight++) {
    const shifted = two.flatMap((fault) =>
      fault === undefined
        ? []
        : [{ ...fault, atUs: fault.atUs + random.between(-SHIFT_US, SHIFT_US) }],
    );
    expect(shifted).toHaveLength(2);
    const wishes = { seed: SEED, leaseTicksMs: 0, faults: shifted, horizonUs: HORIZON_US };
    expect(fly(wishes).violation, JSON.stringify(shifted)).toBeNull();
  }
});
