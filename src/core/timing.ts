/** The times of one aircraft, derived once from the configuration. All in microseconds. */
import {
  HANDOVER_EXTRA_MS,
  HANDOVER_EXTRA_PERIODS,
  LEASE_TICKS_MS,
  LISTEN_EXTRA_PERIODS,
} from "../limits.ts";

export interface Timing {
  /** Distance of two keep-alives of one server, T. */
  readonly periodUs: number;
  /** Silence after which a server counts as failed (patent [0027]): `lostAfterPeriods` × T. */
  readonly detectionUs: number;
  /** Keep-alives in a row after which a server counts as recovered. */
  readonly recoveredAfter: number;
  /**
   * How long a starting server listens before it owns anything: longer than the detection time, and
   * by a lease more. A server whose keep-alives were all lost until then, and that was stopped
   * after that, is silent.
   */
  readonly listenUs: number;
  /**
   * A planned move in which the new owner does not become ready is carried out after this time in
   * any case.
   */
  readonly handoverUs: number;
  /** The longest VIP lease; 0 without one. */
  readonly leaseUs: number;
  /** By how much the kernel may end a lease early: ticks of its timer; 0 by eBPF. */
  readonly leaseTicksUs: number;
}

export function timingOf(
  periodMs: number,
  lostAfterPeriods: number,
  recoveredAfterPeriods: number,
  stopGraceMsLongest: number,
  leaseMs = 0,
  leaseTicksMs: number = LEASE_TICKS_MS,
): Timing {
  const periodUs = periodMs * 1000;
  return {
    periodUs,
    detectionUs: lostAfterPeriods * periodUs,
    recoveredAfter: recoveredAfterPeriods,
    listenUs: (lostAfterPeriods + LISTEN_EXTRA_PERIODS) * periodUs + leaseMs * 1000,
    handoverUs:
      stopGraceMsLongest * 1000 +
      Math.max(HANDOVER_EXTRA_MS * 1000, HANDOVER_EXTRA_PERIODS * periodUs),
    leaseUs: leaseMs * 1000,
    leaseTicksUs: leaseTicksMs * 1000,
  };
}
