import { expect, test } from "bun:test";
import {
  ADDRESS_LIFETIME_S_MIN,
  DETECTION_TIME_MS_MAX,
  DETECTION_TIME_MS_MIN,
  IPV6_COST,
  RENEWAL_ROUND_MS,
  RENEWAL_WAIT_MS,
  VIP_BATCH_MAX,
} from "../limits.ts";
import { AddressRenewal, addressLifetimeS, renewalRoundMs } from "./address-renewal.ts";

const MS = 1000;

/**
 * Flies for `ms` in turns of `turnMs`, or earlier when the renewal asks for it; gives the greatest
 * age in ms that a VIP reached.
 */
function fly(
  up: Uint8Array,
  cost: Uint8Array,
  turnMs: number,
  ms: number,
  change: (atMs: number) => void = () => {},
): { ageMsMax: number; turns: number; costMax: number; renewals: number } {
  const ipv6Count = cost.filter((one) => one > 1).length;
  const renewal = new AddressRenewal(ipv6Count);
  const renewedUs = new Float64Array(up.length);
  const wasUp = Uint8Array.from(up);
  const outcome = { ageMsMax: 0, turns: 0, costMax: 0, renewals: 0 };
  renewal.begin(0, 0);
  for (let nowUs = 0, sendUs = 0; nowUs < ms * MS; ) {
    if (nowUs >= sendUs) sendUs += turnMs * MS;
    change(nowUs / MS);
    let upCost = 0;
    for (let vip = 0; vip < up.length; vip++) {
      if (up[vip] === 1 && wasUp[vip] === 0) renewedUs[vip] = nowUs;
      wasUp[vip] = up[vip] as number;
      if (up[vip] === 1) upCost += cost[vip] as number;
    }
    renewal.begin(nowUs, upCost);
    let spent = 0;
    for (let vip = renewal.next(up, cost); vip >= 0; vip = renewal.next(up, cost)) {
      outcome.ageMsMax = Math.max(outcome.ageMsMax, (nowUs - (renewedUs[vip] as number)) / MS);
      renewedUs[vip] = nowUs;
      spent += cost[vip] as number;
      outcome.renewals++;
    }
    outcome.costMax = Math.max(outcome.costMax, spent);
    outcome.turns++;
    nowUs = Math.max(nowUs + 1, Math.min(sendUs, renewal.wakeUs));
  }
  for (let vip = 0; vip < up.length; vip++) {
    if (up[vip] === 1)
      outcome.ageMsMax = Math.max(outcome.ageMsMax, ms - (renewedUs[vip] as number) / MS);
  }
  return outcome;
}

const costs = (ipv4: number, ipv6: number): Uint8Array =>
  Uint8Array.from({ length: ipv4 + ipv6 }, (_, vip) => (vip < ipv4 ? 1 : IPV6_COST));

for (const [ipv4, ipv6] of [
  [1, 0],
  [12, 2],
  [0, 1],
  [500, 0],
  [400, 64],
  [8192, 0],
  [0, 504],
] as const) {
  for (const periodMs of [5, 10, 100, 1000]) {
    test(`${ipv4} + ${ipv6} VIPs at ${periodMs} ms: each once in a round, evenly, and no more`, () => {
      const cost = costs(ipv4, ipv6);
      const roundMs = renewalRoundMs(ipv6);
      const { ageMsMax, turns, costMax, renewals } = fly(
        cost.slice().fill(1),
        cost,
        periodMs,
        5 * roundMs,
      );
      const turnMs = RENEWAL_WAIT_MS + Math.min(periodMs, RENEWAL_WAIT_MS);
      // A VIP waits for a turn, and for the turns of one that costs more before it.
      expect(ageMsMax).toBeLessThanOrEqual(roundMs + 2 * RENEWAL_WAIT_MS + 1);
      expect(renewals).toBeGreaterThanOrEqual(3.5 * cost.length);
      expect(renewals).toBeLessThanOrEqual(5 * cost.length);
      const upCost = ipv4 + ipv6 * IPV6_COST;
      expect(costMax).toBeLessThanOrEqual(
        Math.min(VIP_BATCH_MAX, Math.ceil((upCost * turnMs) / roundMs) + IPV6_COST),
      );
      // The loop is woken for full batches only, or when it would come too seldom.
      const own = Math.max((5 * roundMs) / periodMs, (5 * roundMs) / RENEWAL_WAIT_MS);
      expect(turns).toBeLessThanOrEqual(own + (5 * upCost) / (VIP_BATCH_MAX - IPV6_COST) + 60);
    });
  }
}

test("whatever comes up and goes down, no VIP reaches its lifetime", () => {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (const ipv6 of [0, 10]) {
    const cost = costs(900, ipv6);
    const up = new Uint8Array(cost.length);
    const { ageMsMax } = fly(up, cost, 10, 60_000, (atMs) => {
      if (atMs % 250 >= 10) return;
      const [from, length, value] = [random(up.length), random(up.length), random(2)];
      for (let vip = from; vip < Math.min(up.length, from + length); vip++) up[vip] = value;
    });
    expect(ageMsMax).toBeGreaterThan(RENEWAL_ROUND_MS); // it was tried hard
    expect(ageMsMax).toBeLessThanOrEqual(2 * RENEWAL_ROUND_MS + 2 * RENEWAL_WAIT_MS);
  }
});

test("VIPs that come up all at once are not renewed all at once", () => {
  const cost = costs(500, 0);
  const renewal = new AddressRenewal(0);
  const up = new Uint8Array(500);
  up[0] = 1;
  renewal.begin(0, 1);
  renewal.begin(590_000, 1); // a renewal is all but due
  up.fill(1);
  renewal.begin(600_000, 500);
  let count = 0;
  while (renewal.next(up, cost) >= 0) count++;
  expect(count).toBeLessThanOrEqual(10);
});

test("after a pause there is a batch, and no second one at the same time", () => {
  const cost = costs(100, 0);
  const up = cost.slice().fill(1);
  const renewal = new AddressRenewal(0);
  const counts: number[] = [];
  renewal.begin(0, 100);
  for (let turn = 0; turn < 2; turn++) {
    renewal.begin(10_000_000, 100);
    let count = 0;
    while (renewal.next(up, cost) >= 0) count++;
    counts.push(count);
    expect(renewal.wakeUs).toBeGreaterThan(10_000_000);
  }
  expect(counts).toEqual([VIP_BATCH_MAX, 0]);
});

test("with nothing up there is nothing to do, ever", () => {
  const renewal = new AddressRenewal(0);
  renewal.begin(1_000_000, 0);
  expect(renewal.next(new Uint8Array(5), costs(5, 0))).toBe(-1);
  expect(renewal.wakeUs).toBe(Number.POSITIVE_INFINITY);
});

test("the lifetime: 2 s where it can be, longer than every stall that a loop survives", () => {
  expect(addressLifetimeS(50, 0)).toBe(ADDRESS_LIFETIME_S_MIN);
  expect(addressLifetimeS(280, 64)).toBe(2);
  expect(addressLifetimeS(1000, 0)).toBe(3);
  expect(addressLifetimeS(10_000, 0)).toBe(12);
  expect(addressLifetimeS(50, 65)).toBe(3);
  expect(addressLifetimeS(50, 504)).toBe(11);
});

test("a VIP outlives every lease, and every stall that does not end the loop", () => {
  for (
    let detectionMs = DETECTION_TIME_MS_MIN;
    detectionMs <= DETECTION_TIME_MS_MAX;
    detectionMs++
  ) {
    const lifetimeMs = addressLifetimeS(detectionMs, 0) * 1000;
    expect(lifetimeMs - 2 * RENEWAL_ROUND_MS).toBeGreaterThan(detectionMs);
    expect(lifetimeMs).toBeLessThan(detectionMs + 3000); // and not much longer
  }
});
