/**
 * How long the VIPs of this server may answer (protocol, section 5). The kernel of a server that no
 * longer renews must be silent before the others take over, and a server that is merely late must
 * not silence itself.
 *
 * The lease is what the others grant: server x takes over when it has heard nothing of us for the
 * take-over time, and what it has heard last, its echo tells. So a lease ends a take-over time
 * after the newest keep-alive that x has echoed was sent, less the lateness allowed, and it holds
 * whatever is lost on the way from us to x, and whenever this process is paused. A server that has
 * been silent for so long that the network counts as divided grants nothing and takes nothing: it
 * has failed, or has its own failure detection of us, which our keep-alives feed. When it is left
 * out, what it granted last still runs (boundary/timing). Servers that listen or have another table
 * grant as well: they serve when we are lost. One that has not heard us yet since it is heard, or had
 * lost us before a VIP was up here, waits for nothing of ours, and grants nothing.
 */

import type { Timing } from "../boundary/timing.ts";
import { LEASE_LATENESS_MS, SENT_TIMES } from "../limits.ts";
import {
  MARK_LEASE_CUT_SHORT,
  MARK_LEASE_REFUSED,
  MARK_LEASE_RENEWED_BETWEEN,
  MARK_LEASE_SHORTENED,
  marks,
} from "../marks.ts";
import { NEVER } from "./changes.ts";
import { lowest, type Membership } from "./membership.ts";

const EVERYBODY = -1;
const LATENESS_US = LEASE_LATENESS_MS * 1000;

export class Lease {
  /** When the own keep-alive of each of the last sequence numbers was sent. */
  private readonly sentUs = new Float64Array(SENT_TIMES);
  private newest = 0;
  /** Mask of the servers of which something was heard since the lease was looked at last. */
  private spoke = 0;
  /** Until when the lease was granted last. */
  private grantedUs = Number.NEGATIVE_INFINITY;
  /** VIPs may be up here. */
  private isOwner = false;
  constructor(
    private readonly membership: Membership,
    private readonly timing: Timing,
  ) {}

  /** The keep-alive `sequence` goes out now. */
  noteSent(sequence: number, nowUs: number): void {
    this.sentUs[sequence & (SENT_TIMES - 1)] = nowUs;
    this.newest = sequence;
  }

  /** VIPs may be up here from now on, or none is any more. */
  setOwner(isOwner: boolean): void {
    if (isOwner && !this.isOwner) this.membership.forgetDeaf();
    if (isOwner && !this.isOwner) this.spoke = EVERYBODY; // the lease was nobody's to grant
    this.isOwner = isOwner;
  }

  /**
   * The earliest time at which another server of the mask may take over, less the lateness allowed.
   * The limit is the longest lease; for a loop that is late, the time at which its last keep-alive
   * is missed.
   */
  private endUs(nowUs: number, servers = EVERYBODY): number {
    const { membership, timing } = this;
    let endUs = Math.min(nowUs + timing.leaseUs, this.missedUs());
    if (!this.isOwner) return endUs;
    let left = (membership.heard | membership.incompatible) & servers;
    for (; left !== 0; left &= left - 1) {
      const server = lowest(left);
      if (membership.lastEchoed[server] === 0) continue; // it has not heard us yet
      endUs = Math.min(endUs, this.grantedBy(server));
    }
    return endUs;
  }

  /**
   * Until when the server grants a lease: its echo says so. One that has been silent for too long is
   * left out, and when it is heard again, it has the time to hear us: its first word may still tell
   * of the time before. As its last ones were lost, so may ours have been, as many as are bridged:
   * it counts from the one before them.
   */
  private grantedBy(server: number): number {
    const { membership, timing } = this;
    const { readUs } = membership;
    const longestUs = this.takeOverUs(server) - LATENESS_US;
    const heardUs = this.sentAtUs(membership.lastEchoed[server]);
    // Silent as far as has been read: what this loop has not looked at yet is no silence.
    const isSilent = readUs - membership.lastHeardUs[server] >= this.silentUs(server);
    const isBack = readUs - membership.contactUs[server] < 2 * timing.periodUs + LATENESS_US;
    const tellsOfBefore = isBack && heardUs < membership.silentSinceUs[server];
    if (!isSilent && !tellsOfBefore) return heardUs + longestUs;
    return longestUs + Math.max(heardUs, this.sentBeforeMissedUs(server));
  }

  /**
   * When the newest keep-alive was sent that was not among the last ones, which may have been lost:
   * by a loop that stood still, long before. One with another table takes over by its own times.
   */
  private sentBeforeMissedUs(server: number): number {
    const { missedUs, periodUs } = this.timing;
    const lostUs = this.membership.isHeard(server) ? missedUs : periodUs;
    const beforeUs = this.sentAtUs(this.newest) - lostUs + LATENESS_US / 2;
    for (let sequence = this.newest; ; sequence--)
      if (this.sentAtUs(sequence) <= beforeUs) return this.sentAtUs(sequence);
  }

  /** Silence of ours after which the server takes over. One with another table goes by its own. */
  private takeOverUs(server: number): number {
    const { timing, membership } = this;
    return membership.isHeard(server) ? timing.takeOverUs : timing.detectionUs;
  }

  /** Silence after which the server is left out: what is granted until then still runs. */
  private silentUs(server: number): number {
    return this.timing.silentUs - this.timing.takeOverUs + this.takeOverUs(server);
  }

  /** When one that this server does not hear takes over, should it send nothing more. */
  private missedUs(): number {
    if (this.newest === 0) return NEVER;
    return this.sentUs[this.newest & (SENT_TIMES - 1)] + this.timing.detectionUs;
  }

  noteHeard(server: number): void {
    this.spoke |= 1 << server;
  }

  /**
   * Looks whether a renewal is due between two keep-alives: what was granted does not last until
   * the next one, and more can be had now; or a server is heard that grants less than that. At a
   * keep-alive it is due in any case.
   */
  look(nowUs: number): boolean {
    const lasts = this.lastsUntilNext(nowUs);
    // While it lasts, only what was heard since can ask for less.
    const endUs = this.endUs(nowUs, lasts ? this.spoke : EVERYBODY);
    this.spoke = 0;
    const isTooLong = endUs < this.grantedUs - 1000;
    const isExtended = !lasts && endUs >= this.grantedUs + 1000;
    const isDue = isTooLong || isExtended;
    if (isDue) marks[isTooLong ? MARK_LEASE_CUT_SHORT : MARK_LEASE_RENEWED_BETWEEN]++;
    return isDue;
  }

  /**
   * When a server is left out, and a renewal may be due: now, when its time has come since
   * everything was read last.
   */
  dueUs(nowUs: number): number {
    const { membership } = this;
    let dueUs = NEVER;
    for (let left = membership.heard | membership.incompatible; left !== 0; left &= left - 1) {
      const server = lowest(left);
      const silentAtUs = membership.lastHeardUs[server] + this.silentUs(server);
      if (silentAtUs > membership.readUs) dueUs = Math.min(dueUs, Math.max(silentAtUs, nowUs));
    }
    return dueUs;
  }

  /**
   * @returns the time until which the lease may be renewed now; 0 when others may have taken over:
   * let go of everything
   */
  grant(nowUs: number): number {
    const endUs = this.endUs(nowUs);
    if (endUs < nowUs + this.timing.leaseUs) marks[MARK_LEASE_SHORTENED]++;
    if (endUs <= nowUs + this.timing.leaseTicksUs) {
      marks[MARK_LEASE_REFUSED]++;
      return 0;
    }
    this.grantedUs = endUs;
    return endUs;
  }

  /** What was granted lasts until after the next keep-alive. */
  private lastsUntilNext(nowUs: number): boolean {
    const { timing } = this;
    return this.grantedUs >= nowUs + timing.periodUs + LATENESS_US + timing.leaseTicksUs;
  }

  private sentAtUs(sequence: number): number {
    const age = this.newest - sequence;
    return sequence === 0 || age < 0 || age >= SENT_TIMES
      ? Number.NEGATIVE_INFINITY
      : this.sentUs[sequence & (SENT_TIMES - 1)];
  }
}
