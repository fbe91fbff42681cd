/**
 * The real executables under faults drawn from a seed. CHAOS_SEED repeats a failing flight with its
 * seed; `npm run soak` does the same for any length of time.
 */
import { expect, test } from "bun:test";
import { VIPS } from "./chaos-aircraft.ts";
import { fly, type Order } from "./chaos-flight.ts";

const GIVEN = process.env.CHAOS_SEED;
const SEED = GIVEN === undefined ? Math.floor(Math.random() * 0x1_0000_0000) : Number(GIVEN);

for (const [kind, without, serverCount, burstMs, bursts] of [
  ["tcx", "", 3, 15_000, 2],
  ["clsact", "tcx", 2, 12_000, 1],
  ["nftables", "bpf", 2, 12_000, 1],
] as const) {
  test(`${serverCount} servers, lease by ${kind}, seed ${SEED}: never two answers, and everything runs again after each burst of faults`, async () => {
    const order: Order = { seed: SEED, serverCount, burstMs, bursts, without };
    process.stderr.write(`chaos: ${serverCount} servers, ${kind}, CHAOS_SEED=${SEED}\n`);
    const { leaseKinds, violations, faults, moves } = await fly(order);
    expect(leaseKinds).toEqual([kind]);
    expect(violations).toEqual([]);
    expect(faults).toBeGreaterThan(bursts * 5);
    expect(moves).toBeGreaterThan(VIPS.length); // more than each VIP's first answer
  });
}

test("the watch for two answers is not blind: without a lease the same faults show them", async () => {
  const seed = 1;
  const { violations } = await fly({
    seed,
    serverCount: 3,
    burstMs: 6000,
    bursts: 1,
    lease: "off",
  });
  expect(violations.length).toBeGreaterThan(0);
});
