/**
 * Flights made from seeds: crashes, restarts, cuts, drains, losses, failed processes, addresses removed. In every turn of them
 * nothing is answered twice and no server is overloaded; after the last fault everything settles to what the policy says and
 * stays so.
 */
import { test } from "bun:test";
import { RandomFlight } from "./random-flight.ts";

const FLIGHTS = 300;
const FLIGHTS_IN_ONE_TEST = 50;

for (let first = 1; first <= FLIGHTS; first += FLIGHTS_IN_ONE_TEST) {
  test(`flights ${first} to ${first + FLIGHTS_IN_ONE_TEST - 1}`, () => {
    for (let seed = first; seed < first + FLIGHTS_IN_ONE_TEST; seed++) {
      const flight = new RandomFlight(seed);
      try {
        flight.fly();
      } catch (error) {
        throw new Error(`seed ${seed}\n${flight.story.join("\n")}\n${(error as Error).message}`);
      }
    }
  });
}
