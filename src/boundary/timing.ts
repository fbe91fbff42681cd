/**
 * Times of one aircraft, derived once from the configuration: Timing in µs, everything else in ms.
 */
import {
  HANDOVER_EXTRA_MS,
  HANDOVER_EXTRA_PERIODS,
  LEASE_BRIDGES,
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  LISTEN_EXTRA_PERIODS,
} from "../limits.ts";

/**
 * Longest lease in ms. A server that stops between its last renewal and the next keep-alive has
 * sent its last keep-alive a period before the renewal; so lease + period + lateness ≤ detection
 * time.
 */
export function leaseMsOf(periodMs: number, lostAfterPeriods: number): number {
  return (lostAfterPeriods - 1) * periodMs - LEASE_LATENESS_MS;
}

/**
 * Shortest lease in ms that lasts until the next renewal: a period, the allowed lateness, and the
 * loss by the kernel's ticks, which is 0 with eBPF.
 */
export function leaseMsMin(periodMs: number, ticksMs = 0): number {
  return periodMs + LEASE_LATENESS_MS + ticksMs;
}

/** Shortest detection time in ms that fits a lease. */
export function leaseDetectionMsMin(periodMs: number, ticksMs = 0): number {
  return leaseMsMin(periodMs, ticksMs) + periodMs + LEASE_LATENESS_MS;
}

export function leaseFits(periodMs: number, lostAfterPeriods: number, ticksMs = 0): boolean {
  return leaseMsOf(periodMs, lostAfterPeriods) >= leaseMsMin(periodMs, ticksMs);
}

export interface Timing {
  /** Interval between two keep-alives of one server, T. */
  readonly periodUs: number;
  /** Silence after which a server counts as failed (patent [0027]): `lostAfterPeriods` × T. */
  readonly detectionUs: number;
  /** Consecutive keep-alives after which a server counts as recovered. */
  readonly recoveredAfter: number;
  /**
   * How long a starting server listens before it owns anything: a lease longer than the detection
   * time. This covers a server whose keep-alives were all lost until then and that was stopped
   * afterwards.
   */
  readonly listenUs: number;
  /**
   * A planned move whose new owner does not become ready is carried out after this time in any
   * case.
   */
  readonly handoverUs: number;
  /** Longest VIP lease; 0 without one. */
  readonly leaseUs: number;
  /** By how much the kernel may end a lease early: ticks of its timer; 0 with eBPF. */
  readonly leaseTicksUs: number;
  /**
   * How long the possible functions of a failed server are left alone after its failure: its lease
   * may still run. The second value applies to a lease that ticks may end early.
   */
  readonly holdUs: number;
  readonly holdTicksUs: number;
  /** Silence of this server after which others take over its functions. */
  readonly takeOverUs: number;
  /** Silence of another server after which the network to it counts as divided. */
  readonly silentUs: number;
  /**
   * Span of this server's keep-alives that another one may have missed before it was separated:
   * those that are bridged and, where there is room, the one in transit when its machine stopped.
   */
  readonly missedUs: number;
}

/** Age in periods of the last echo of a server that dies after it lost a keep-alive. */
const LOSS_AND_DEATH_PERIODS = 2;

/**
 * Earliest silence in ms after which a server's functions are taken over. A network counts as
 * divided when it carries nothing for more than `bridges` periods. Losing `bridges` consecutive
 * keep-alives in both directions never lets two servers answer, and silences no server needlessly.
 * So a server stops counting another one among those who grant its lease only after bridges + 1
 * periods of silence and half of the allowed lateness. For another half, what the other one granted
 * last must still run. Its echo was up to a period old then, and a lease ends early by the lateness
 * and the ticks. Where the detection time leaves more room, the echo may have been two periods old:
 * a keep-alive was lost, and then the other server died.
 */
export function takeOverMsOf(
  periodMs: number,
  lostAfterPeriods: number,
  bridges: number,
  leaseTicksMs: number,
): number {
  const bridgingMs = (bridges + 2) * periodMs + 2 * LEASE_LATENESS_MS + leaseTicksMs;
  return Math.max(periodMs * lostAfterPeriods, bridgingMs);
}

/**
 * Whether the detection time has room for one period beyond the bridged ones. Then a keep-alive may
 * be lost right before the death of the server that missed it, and the others serve without a
 * pause. Without that room an owner among them may let go and start again.
 */
export function bridgesLossBeforeDeath(
  periodMs: number,
  takeOverMs: number,
  bridges: number,
  leaseTicksMs: number,
): boolean {
  const periods = bridges + 1 + LOSS_AND_DEATH_PERIODS;
  return takeOverMs >= periods * periodMs + 2 * LEASE_LATENESS_MS + leaseTicksMs;
}

export function timingOf(
  periodMs: number,
  lostAfterPeriods: number,
  recoveredAfterPeriods: number,
  stopGraceMsLongest: number,
  leaseMs = 0,
  leaseTicksMs: number = LEASE_TICKS_MS,
  leaseBridges: number = LEASE_BRIDGES,
): Timing {
  const periodUs = periodMs * 1000;
  const takeOverUs = (ticksMs: number): number =>
    1000 * takeOverMsOf(periodMs, lostAfterPeriods, leaseBridges, ticksMs);
  const holdUs = takeOverUs(0) - lostAfterPeriods * periodUs;
  const holdTicksUs = takeOverUs(LEASE_TICKS_MS) - lostAfterPeriods * periodUs;
  const ownUs = lostAfterPeriods * periodUs + (leaseTicksMs === 0 ? holdUs : holdTicksUs);
  const hasRoom = bridgesLossBeforeDeath(periodMs, ownUs / 1000, leaseBridges, leaseTicksMs);
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
    holdUs,
    holdTicksUs,
    takeOverUs: ownUs,
    missedUs: Math.max(1, leaseBridges + (hasRoom ? 1 : 0)) * periodUs,
    silentUs: Math.max(
      (leaseBridges + 1) * periodUs + 500 * LEASE_LATENESS_MS,
      ownUs - LOSS_AND_DEATH_PERIODS * periodUs - 1000 * (1.5 * LEASE_LATENESS_MS + leaseTicksMs),
    ),
  };
}
