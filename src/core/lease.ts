/**
 * Until when the VIPs of this server may answer (PROTOCOL.md, "Lease").
 *
 * Who stops must be silent before another takes over, and a dead server cannot be told so. So its
 * kernel lets VIPs answer until a time that this loop keeps pushing ahead, only as far as the other
 * servers allow: each takes over when it has heard nothing for the take-over time, and its echo
 * names the last message it heard.
 *
 * The rule: a lease ends a take-over time after the newest keep-alive that server x has echoed was
 * sent, less the lateness allowed, for every x that grants. It holds whatever is lost on the way to
 * x, and whenever this process is paused. Who grants:
 * - a server that listens or holds another table as well: it serves when we are lost;
 * - one whose silence means that the network is divided, only as if it had heard our last message
 *   before those that may be lost. What it granted last still runs then (boundary/timing);
 * - not one that has not heard us yet, or lost us before a VIP was up here: it waits for nothing.
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
  /** Mask of the servers heard since the last look at the lease. */
  private spoke = 0;
  /** End of the lease as last granted. */
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
   * The earliest time at which a server of the mask may take over, less the lateness allowed; at
   * most the longest lease and, for a loop that is late, until its last keep-alive is missed.
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
   * Until when the server grants a lease, by its echo. If it has been silent for too long, or is
   * just back and may still echo what it heard before, its messages were lost, and so may ours have
   * been, as many as are bridged: then its grant counts from our last one before these.
   */
  private grantedBy(server: number): number {
    const { membership, timing } = this;
    const { readUs } = membership;
    const longestUs = this.takeOverUs(server) - LATENESS_US;
    const heardUs = this.sentAtUs(membership.lastEchoed[server]);
    // Judged by what has been read: what this loop has not looked at yet is no silence.
    const isSilent = readUs - membership.lastHeardUs[server] >= this.silentUs(server);
    const isBack = readUs - membership.contactUs[server] < 2 * timing.periodUs + LATENESS_US;
    // Stopped right before it sent, it has heard one message more than before its silence.
    const missedUs = membership.contactUs[server] - this.silentUs(server);
    const tellsOfBefore = isBack && heardUs < Math.max(missedUs, membership.silentSinceUs[server]);
    if (!isSilent && !tellsOfBefore) return heardUs + longestUs;
    return longestUs + Math.max(heardUs, this.sentBeforeMissedUs(server));
  }

  /**
   * When our newest keep-alive was sent that is older than those which may be lost; by a loop that
   * stood still, long ago. A server with another table takes over by its own times.
   */
  private sentBeforeMissedUs(server: number): number {
    const { missedUs, periodUs } = this.timing;
    const lostUs = this.membership.isHeard(server) ? missedUs : periodUs;
    const beforeUs = this.sentAtUs(this.newest) - lostUs + LATENESS_US / 2;
    for (let sequence = this.newest; ; sequence--)
      if (this.sentAtUs(sequence) <= beforeUs) return this.sentAtUs(sequence);
  }

  /** Silence of ours after which the server takes over; with another table, by its own times. */
  private takeOverUs(server: number): number {
    const { timing, membership } = this;
    return membership.isHeard(server) ? timing.takeOverUs : timing.detectionUs;
  }

  /** Silence after which the server is left out; what it granted until then still runs. */
  private silentUs(server: number): number {
    return this.timing.silentUs - this.timing.takeOverUs + this.takeOverUs(server);
  }

  /** When a server that we do not hear takes over if we send nothing more. */
  private missedUs(): number {
    if (this.newest === 0) return NEVER;
    return this.sentUs[this.newest & (SENT_TIMES - 1)] + this.timing.detectionUs;
  }

  noteHeard(server: number): void {
    this.spoke |= 1 << server;
  }

  /**
   * Whether a renewal is due between two keep-alives: the lease does not last until the next one
   * and more can be had now, or a server that was heard grants less. At a keep-alive it is always
   * due.
   */
  look(nowUs: number): boolean {
    const { periodUs, leaseTicksUs } = this.timing;
    const lasts = this.grantedUs >= nowUs + periodUs + LATENESS_US + leaseTicksUs;
    // While it lasts, only servers heard since can grant less.
    const endUs = this.endUs(nowUs, lasts ? this.spoke : EVERYBODY);
    this.spoke = 0;
    const isTooLong = endUs < this.grantedUs - 1000;
    const isExtended = !lasts && endUs >= this.grantedUs + 1000;
    const isDue = isTooLong || isExtended;
    if (isDue) marks[isTooLong ? MARK_LEASE_CUT_SHORT : MARK_LEASE_RENEWED_BETWEEN]++;
    return isDue;
  }

  /**
   * When the next server is left out, so that a renewal may be due; now if that time has passed.
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
   * @returns the end of the renewed lease; 0 if others may have taken over: let go of everything
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

  private sentAtUs(sequence: number): number {
    const age = this.newest - sequence;
    return sequence === 0 || age < 0 || age >= SENT_TIMES
      ? Number.NEGATIVE_INFINITY
      : this.sentUs[sequence & (SENT_TIMES - 1)];
  }
}
