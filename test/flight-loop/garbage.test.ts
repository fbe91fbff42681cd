/**
 * The flight loop allocates no memory after start-up (P7): a million steps of quiet flight and a
 * hundred thousand take-overs and hand-overs without one run of the collector, under both
 * compilers.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { COMPILERS, collectionsOf } from "../harness/garbage.ts";

const CHILD = join(import.meta.dir, "../children/garbage-flight.ts");

describe("the engine makes no garbage", () => {
  for (const environment of COMPILERS) {
    const compilers = JSON.stringify(environment);
    const divisor = environment === COMPILERS[0] ? "1" : "16";
    test(`canary is seen, ${compilers}`, async () => {
      expect(await collectionsOf(CHILD, ["canary", divisor], environment)).toBeGreaterThan(10);
    }, 180_000);
    for (const name of ["quiet", "busy-preempt", "busy-reset", "busy-planned"]) {
      test(`${name}, ${compilers}`, async () => {
        expect(await collectionsOf(CHILD, [name, divisor], environment)).toBe(0);
      }, 180_000);
    }
  }
});
