/**
 * The length of the VIP lease (protocol, section 5). The kernel of a server that no longer renews must be silent before the others
 * take over, and a server that is merely late must not silence itself.
 */
import { LEASE_LATENESS_MS, LEASE_TICKS_MS } from "../limits.ts";

/**
 * Lease in ms: stopped between its last renewal and the keep-alive after it, a server has sent its last one a period before; so
 * lease + period + lateness ≤ detection time.
 */
export function leaseMsOf(periodMs: number, lostAfterPeriods: number): number {
  return (lostAfterPeriods - 1) * periodMs - LEASE_LATENESS_MS;
}

/** The shortest that lasts until the next renewal: a period, the lateness allowed, and what the kernel's ticks take off. */
export function leaseMsMin(periodMs: number): number {
  return periodMs + LEASE_LATENESS_MS + LEASE_TICKS_MS;
}

/** The shortest detection time in ms that a lease fits. */
export function leaseDetectionMsMin(periodMs: number): number {
  return leaseMsMin(periodMs) + periodMs + LEASE_LATENESS_MS;
}

export function leaseFits(periodMs: number, lostAfterPeriods: number): boolean {
  return leaseMsOf(periodMs, lostAfterPeriods) >= leaseMsMin(periodMs);
}
