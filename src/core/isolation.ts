/**
 * Whether this server is cut off from its clients (protocol, section 6). The witnesses, addresses
 * on the client network that answer ARP, tell:
 *
 * - It hears no other server: no witness → it is cut off, a witness → the others are gone. Without
 *   witnesses the last server serves: an aircraft must keep its announcements with one server left.
 * - It hears others, on a second network say, and reaches no witness while one that can take
 *   functions says that it does: it is cut off. Where nobody reaches one, all stay: the witness is
 *   gone, and no server is better than another.
 * - No carrier on the client interface is cut off in any case.
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
/** Others are heard, and none of them can take functions. */
export const NO_OTHER = 1;
/** Some can, and none of them says that it reaches a witness. */
export const OTHERS_BLIND = 2;
/** One that can take functions reaches a witness. */
export const OTHERS_REACH = 3;

/** What the others say: NOBODY_ELSE to OTHERS_REACH. */
export function othersOf(membership: Membership): number {
  let others = membership.heard === 0 ? NOBODY_ELSE : NO_OTHER;
  for (let left = membership.heard; left !== 0; left &= left - 1) {
    const server = lowest(left);
    if (!membership.takesFunctions(server)) continue;
    if ((membership.said(server).flags & FLAG_WITNESS) !== 0) return OTHERS_REACH;
    others = OTHERS_BLIND;
  }
  return others;
}

export class Isolation {
  /** The client interface has a link. */
  carrier = true;
  /** When any witness answered last. */
  private witnessHeardUs = Number.NEGATIVE_INFINITY;
  /** Since when an answer could have come. */
  private askedSinceUs: number;
  private nextWitness = 0;
  /** A witness that is asked in turn, once a period, has answered within this time if it can. */
  private readonly windowUs: number;
  /** Silence after which another server that reaches a witness serves our clients better. */
  private readonly patienceUs: number;
  /** Since when another server has reached one without a break; NEVER while none does. */
  private othersReachUs = NEVER;
  /**
   * Another one does; and since when there is no reason for that any more, NEVER while there is.
   */
  private yields = false;
  private calmSinceUs = NEVER;
  /** How long that must have been so, and when it was so last. */
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

  /** Flight begins, or the link is back: nobody could have been asked before. */
  begin(nowUs: number): void {
    this.askedSinceUs = nowUs;
  }

  /** @returns the witness to be probed in the period that begins, −1 without witnesses */
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

  /** A witness has answered of late. */
  reaches(nowUs: number): boolean {
    return nowUs - this.witnessHeardUs < this.windowUs;
  }

  /** For how long none has answered that could have; 0 without witnesses. */
  silentUs(nowUs: number): number {
    if (this.witnessCount === 0) return 0;
    return nowUs - Math.max(this.witnessHeardUs, this.askedSinceUs);
  }

  /** When it is cut off at the earliest although nothing changes. */
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
      // A witness that comes back answers one server before the other.
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
    // Nobody is there any more who would serve.
    if (others > NO_OTHER && nowUs - this.calmSinceUs < this.pauseUs) return;
    this.yields = false;
    this.endedUs = nowUs;
  }

  /**
   * Whether a server that starts may serve as far as is known: it has heard a witness, where it has
   * witnesses, or others that do not reach one either.
   */
  hasContact(nowUs: number, others: number): boolean {
    if (!this.carrier) return false;
    if (this.witnessCount === 0 || this.reaches(nowUs)) return true;
    return others === NO_OTHER || others === OTHERS_BLIND;
  }
}
