/** The times of one aircraft, derived once from the configuration: Timing in µs, all else in ms. */
import {
  HANDOVER_EXTRA_MS,
  HANDOVER_EXTRA_PERIODS,
  LEASE_BRIDGES,
  LEASE_LATENESS_MS,
  LEASE_TICKS_MS,
  LISTEN_EXTRA_PERIODS,
} from "../limits.ts";

/**
 * Longest lease in ms: stopped between its last renewal and the keep-alive after it, a server has
 * sent its last one a period before; so lease + period + lateness ≤ detection time.
 */
export function leaseMsOf(periodMs: number, lostAfterPeriods: number): number {
  return (lostAfterPeriods - 1) * periodMs - LEASE_LATENESS_MS;
}

/**
 * The shortest that lasts until the next renewal: a period, the lateness allowed, and what the
 * kernel's ticks take off, nothing by eBPF.
 */
export function leaseMsMin(periodMs: number, ticksMs = 0): number {
  return periodMs + LEASE_LATENESS_MS + ticksMs;
}

/** The shortest detection time in ms that a lease fits. */
export function leaseDetectionMsMin(periodMs: number, ticksMs = 0): number {
  return leaseMsMin(periodMs, ticksMs) + periodMs + LEASE_LATENESS_MS;
}

export function leaseFits(periodMs: number, lostAfterPeriods: number, ticksMs = 0): boolean {
  return leaseMsOf(periodMs, lostAfterPeriods) >= leaseMsMin(periodMs, ticksMs);
}

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
  /**
   * What a server that fell silent may own is left alone for so long after it has failed: its lease
   * may still run. The second time is for a lease that ticks may end early.
   */
  readonly holdUs: number;
  readonly holdTicksUs: number;
  /** Silence of this server after which others take over what it owns. */
  readonly takeOverUs: number;
  /** Silence of another server after which its network counts as divided. */
  readonly silentUs: number;
  /**
   * Time of the own keep-alives that a server may have missed before it was divided from us: those
   * that are bridged and, where there is room, the one that was under way when its machine stood
   * still.
   */
  readonly missedUs: number;
}

/** Age of the last echo of a server that dies after a keep-alive to it was lost. */
const LOSS_AND_DEATH_PERIODS = 2;

/**
 * Silence in ms after which what a server owns is taken over, at the earliest. A network counts as
 * divided when it carries nothing for `bridges` periods or more: the loss of so many keep-alives in
 * a row, in both directions, never lets two servers answer, and none is silent in vain. So a server
 * leaves another one out of those who grant its lease only after bridges + 1 periods of silence and
 * half of the lateness allowed; and until half of it after that, what the other one granted last
 * must run. Its echo was up to a period old then, and a lease ends the lateness and the ticks early.
 * Where the detection time leaves more room, it may have been two: a keep-alive was lost, and then
 * the other one died.
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
 * Whether the detection time has room for a period more than is bridged: a keep-alive may be lost
 * right before the server dies that missed it, and the others serve on without a pause. Without it
 * an owner among them may let go, and begin anew.
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
