/**
 * The power of all servers is interrupted for 2 to 1,000 ms: one clean convergence. Every function
 * that fits comes up once and stays, no engine restarts, and everything settles within the periods
 * stated in brown-out.ts. Each commit flies other aircraft.
 */
import { describe, expect, test } from "bun:test";
import { POLICY_NAMES } from "../../src/allocation/policies.ts";
import { LEASE_TICKS_MS, SERVERS_MAX } from "../../src/limits.ts";
import { type BrownOutFlight, type BrownOutOptions, flyBrownOuts } from "./brown-out.ts";
import { seedOfCommit } from "./commit-seed.ts";

const LENGTHS_MS = [2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100, 140, 200, 300, 500, 700, 1_000];
/** Interruptions of one flight: with the flights of all server counts every length has its turn. */
const LENGTHS_OF_FLIGHT = 2;
const SERVER_COUNTS = Array.from({ length: SERVERS_MAX - 1 }, (_, place) => place + 2);

const LEASES = {
  "no lease": { hasLease: false },
  "a lease to the µs": { hasLease: true, leaseTicksMs: 0 },
  "a lease with ticks": { hasLease: true, leaseTicksMs: LEASE_TICKS_MS },
} as const;

const CASES = POLICY_NAMES.flatMap((policy) =>
  Object.entries(LEASES).map(([name, lease]) => ({ policy, name, lease })),
);
const newSeed = seedOfCommit();

/** One flight for each number of servers. */
function flyAll(wishes: Omit<BrownOutOptions, "seed" | "lengthsMs">, offset: number): void {
  const flown = new Set<number>();
  for (const servers of SERVER_COUNTS) {
    const seed = newSeed + 100 * offset + servers;
    const lengthsMs = Array.from(
      { length: LENGTHS_OF_FLIGHT },
      (_, place) => LENGTHS_MS[(LENGTHS_OF_FLIGHT * servers + place) % LENGTHS_MS.length] as number,
    );
    const flight = flyBrownOuts({ ...wishes, seed, servers, lengthsMs });
    expect(flight.violation, storyOf({ ...wishes, seed, servers, lengthsMs }, flight)).toBeNull();
    expect(flight.interruptions.map(({ lengthUs }) => lengthUs / 1000)).toEqual(lengthsMs);
    for (const lengthMs of lengthsMs) flown.add(lengthMs);
  }
  expect(flown.size).toBe(LENGTHS_MS.length);
}

function storyOf(wishes: BrownOutOptions, { aircraft }: BrownOutFlight): string {
  return `${JSON.stringify(wishes)}: ${aircraft.text}`;
}

describe.each(CASES)("$policy, $name", ({ policy, lease }) => {
  const offset = CASES.findIndex((each) => each.policy === policy && each.lease === lease);

  test("2 to 16 servers converge once after each interruption", () => {
    flyAll({ policy, ...lease }, offset);
  });
});

test.each([5, 60, 150].map((againAfterMs, place) => [againAfterMs, place] as const))(
  "interrupted again after %d ms, while the servers may still converge",
  (againAfterMs, place) => {
    flyAll({ againAfterMs }, CASES.length + place);
  },
);

test("a seed flies the same way twice", () => {
  const wishes = { seed: 7, servers: 3, lengthsMs: [2, 1_000] };
  expect(flyBrownOuts(wishes)).toEqual(flyBrownOuts(wishes));
});
