/**
 * Whether this server is cut off from its clients (PROTOCOL.md, "Isolation"). Witnesses, addresses
 * on the client network that answer ARP, tell:
 *
 * - It hears no other server: if no witness answers, it is cut off; if one does, the others are
 *   gone. Without witnesses the last server serves: announcements must go on.
 * - It hears others, say on a second network, and reaches no witness while one that can take
 *   functions does: it is cut off. If nobody reaches one, all stay: the witness is gone.
 * - No carrier on the client interface: cut off in any case.
 */

import type { Timing } from "../boundary/timing.ts";
import { CUT_OFF_PAUSE_MS_MAX, CUT_OFF_PAUSE_MS_MIN, WITNESS_SILENT_MS } from "../limits.ts";
import { FLAG_WITNESS } from "../wire/keep-alive.ts";
import { ALWAYS, NEVER } from "./changes.ts";
import { lowest, type Membership } from "./membership.ts";

const PAUSE_US_MIN = CUT_OFF_PAUSE_MS_MIN * 1000;
const PAUSE_US_MAX = CUT_OFF_PAUSE_MS_MAX * 1000;

// ---- what the others are to the clients of this server
/** Nobody else is heard. */
export const NOBODY_ELSE = 0;
/** Others are heard, but none can take functions. */
export const NO_OTHER = 1;
/** Some can, but none of them reaches a witness. */
export const OTHERS_BLIND = 2;
/** One that can take functions reaches a witness. */
export const OTHERS_REACH = 3;

/** What the others report: NOBODY_ELSE to OTHERS_REACH. */
export function othersOf(membership: Membership): number {
  let others = membership.heard === 0 ? NOBODY_ELSE : NO_OTHER;
  for (let left = membership.heard; left !== 0; left &= left - 1) {
    const server = lowest(left);
    if (!membership.takesFunctions(server)) continue;
    if ((membership.latest(server).flags & FLAG_WITNESS) !== 0) return OTHERS_REACH;
    others = OTHERS_BLIND;
  }
  return others;
}

export class Isolation {
  /** The client interface has a link. */
  carrier = true;
  /** When a witness last answered. */
  private witnessHeardUs = Number.NEGATIVE_INFINITY;
  /** Since when an answer could have come. */
  private askedSinceUs: number;
  private nextWitness = 0;
  /** One witness is asked per period: a reachable one answers within this time. */
  private readonly windowUs: number;
  /** Silence of the witnesses after which a server that reaches one should take over. */
  private readonly patienceUs: number;
  /** Since when another server reaches one without a break; NEVER: none does. */
  private othersReachUs = NEVER;
  /** It gives way to such a server; since when the reason for that is gone, NEVER: it is not. */
  private yields = false;
  private calmSinceUs = NEVER;
  /** How long the reason must be gone, and when it last gave way. */
  private pauseUs = 0;
  private endedUs = ALWAYS;

  /** @param witnessCount witnesses in the configuration, 0 for none */
  constructor(
    private readonly witnessCount: number,
    timing: Timing,
    nowUs: number,
  ) {
    this.askedSinceUs = nowUs;
    this.windowUs = timing.detectionUs + witnessCount * timing.periodUs;
    this.patienceUs = Math.max(2 * this.windowUs, WITNESS_SILENT_MS * 1000);
  }

  /** Flight begins, or the link is back: nobody could be asked before. */
  begin(nowUs: number): void {
    this.askedSinceUs = nowUs;
  }

  /** @returns the witness to probe in this period, −1 without witnesses */
  probe(): number {
    if (this.witnessCount === 0) return -1;
    this.nextWitness = (this.nextWitness + 1) % this.witnessCount;
    return this.nextWitness;
  }

  setCarrier(present: boolean, nowUs: number): void {
    this.carrier = present;
    this.begin(nowUs);
  }

  onWitness(nowUs: number): void {
    this.witnessHeardUs = nowUs;
  }

  /** A witness answered recently. */
  reaches(nowUs: number): boolean {
    return nowUs - this.witnessHeardUs < this.windowUs;
  }

  /** For how long none has answered although it was asked; 0 without witnesses. */
  silentUs(nowUs: number): number {
    if (this.witnessCount === 0) return 0;
    return nowUs - Math.max(this.witnessHeardUs, this.askedSinceUs);
  }

  /** The earliest time at which it is cut off if nothing changes. */
  dueUs(nowUs: number, others: number): number {
    if (this.witnessCount === 0) return NEVER;
    const sinceUs = nowUs - this.silentUs(nowUs);
    if (others === NOBODY_ELSE) return sinceUs + this.windowUs;
    return Math.max(sinceUs, this.othersReachUs) + this.patienceUs;
  }

  /** To be asked in every decision. @param others what {@link othersOf} gives */
  isCutOff(nowUs: number, others: number): boolean {
    if (others !== OTHERS_REACH) this.othersReachUs = NEVER;
    else if (this.othersReachUs === NEVER) this.othersReachUs = nowUs;
    if (!this.carrier) return true;
    this.judge(nowUs, others);
    if (this.witnessCount === 0 || others !== NOBODY_ELSE) return this.yields;
    return this.silentUs(nowUs) >= this.windowUs;
  }

  private judge(nowUs: number, others: number): void {
    if (!this.yields) {
      // A witness that comes back answers one server before the others.
      const silentUs = Math.min(this.silentUs(nowUs), nowUs - this.othersReachUs);
      if (silentUs < this.patienceUs) return;
      const isNew = nowUs - this.endedUs >= PAUSE_US_MAX;
      this.pauseUs = isNew ? PAUSE_US_MIN : Math.min(2 * this.pauseUs, PAUSE_US_MAX);
      this.calmSinceUs = NEVER;
      this.yields = true;
      return;
    }
    if (others === OTHERS_REACH && !this.reaches(nowUs)) this.calmSinceUs = NEVER;
    else if (this.calmSinceUs === NEVER) this.calmSinceUs = nowUs;
    // Else nobody is left who would serve.
    if (others > NO_OTHER && nowUs - this.calmSinceUs < this.pauseUs) return;
    this.yields = false;
    this.endedUs = nowUs;
  }

  /**
   * Whether a starting server may serve: it reaches a witness, none is configured, or others are
   * heard and none of them that could serve reaches one either.
   */
  hasContact(nowUs: number, others: number): boolean {
    if (!this.carrier) return false;
    if (this.witnessCount === 0 || this.reaches(nowUs)) return true;
    return others === NO_OTHER || others === OTHERS_BLIND;
  }
}
