/**
 * When which VIP is renewed in the kernel, the second line of defence (PROTOCOL.md, "Lease"). Every
 * VIP is put up with a lifetime, after which the kernel deletes it by itself: so it goes when
 * nobody is left who would delete it. The flight loop renews them all in turn, evenly over a round,
 * so that no turn has much to do.
 */
import {
  ADDRESS_LIFETIME_EARLY_MS,
  ADDRESS_LIFETIME_S_MIN,
  RENEWAL_IPV6_PER_ROUND,
  RENEWAL_LATENESS_MS,
  RENEWAL_ROUND_MS,
  RENEWAL_WAIT_MS,
  VIP_BATCH_MAX,
} from "../limits.ts";

/**
 * Duration in ms of a round, in which each VIP is renewed once; `ipv6Count`: IPv6 VIPs of the
 * aircraft.
 */
export function renewalRoundMs(ipv6Count: number): number {
  return RENEWAL_ROUND_MS * Math.max(1, Math.ceil(ipv6Count / RENEWAL_IPV6_PER_ROUND));
}

/**
 * Lifetime of a VIP in the kernel, in whole seconds as IPv4 requires. It exceeds the time between
 * two renewals: two rounds when VIPs go down in between, the wait, the lateness, and the kernel's
 * early expiry. It also exceeds the longest stall after which a loop goes on. So only a loop that
 * lets go finds an expired VIP.
 */
export function addressLifetimeS(detectionMs: number, ipv6Count: number): number {
  const ageMsMax =
    2 * renewalRoundMs(ipv6Count) +
    RENEWAL_WAIT_MS +
    RENEWAL_LATENESS_MS +
    ADDRESS_LIFETIME_EARLY_MS;
  return Math.max(ADDRESS_LIFETIME_S_MIN, Math.ceil((ageMsMax + detectionMs) / 1000));
}

/** Schedules renewals. Costs are in IPv4 addresses. No garbage after the constructor. */
export class AddressRenewal {
  /** Latest time for the loop to come for renewals. */
  wakeUs = Number.POSITIVE_INFINITY;
  private readonly roundUs: number;
  /** Budget for renewals in cost × µs: each VIP that is up earns its cost once per round. */
  private earned = 0;
  private lastUs = 0;
  /** Remaining cost of this call's batch. */
  private budget = 0;
  /** Last VIP considered. */
  private place = 0;

  constructor(ipv6Count: number) {
    this.roundUs = renewalRoundMs(ipv6Count) * 1000;
  }

  /**
   * Begins the renewals of one turn; `upCost`: cost of all VIPs that are up. One turn renews at
   * most VIP_BATCH_MAX; the rest stays due. Nothing is due before `wakeUs`: few large batches are
   * better, because each may have to wait for the kernel's single lock for all changes of addresses
   * and interfaces.
   */
  begin(nowUs: number, upCost: number): void {
    const { roundUs } = this;
    this.earned = Math.min(
      upCost * roundUs,
      this.earned + upCost * Math.max(0, nowUs - this.lastUs),
    );
    this.lastUs = nowUs;
    this.budget = 0;
    if (upCost === 0) {
      this.wakeUs = Number.POSITIVE_INFINITY;
      return;
    }
    if (nowUs >= this.wakeUs) {
      this.budget = Math.min(VIP_BATCH_MAX, Math.floor(this.earned / roundUs));
      this.wakeUs = Number.POSITIVE_INFINITY;
    }
    const left = this.earned - this.budget * roundUs;
    const untilBatchUs = Math.floor(Math.max(0, VIP_BATCH_MAX * roundUs - left) / upCost);
    this.wakeUs = Math.min(this.wakeUs, nowUs + Math.min(RENEWAL_WAIT_MS * 1000, untilBatchUs));
  }

  /**
   * Next VIP to renew in this turn, of those that are `up` (1); −1: none left. At most one pass
   * over all VIPs per turn.
   */
  next(up: Uint8Array, cost: Uint8Array): number {
    for (let step = 0, place = this.place; step < up.length; step++) {
      place = place + 1 < up.length ? place + 1 : 0;
      if (up[place] !== 1) continue;
      if (cost[place] > this.budget) return -1;
      this.budget -= cost[place];
      this.earned -= cost[place] * this.roundUs;
      this.place = place;
      return place;
    }
    return -1;
  }
}
