/**
 * Whether this server is cut off from its clients (protocol, section 6). One that hears no other
 * server cannot know by itself whether it is alone or cut off; the witnesses, addresses on the
 * client network that answer ARP, tell: no peer and no witness → it is cut off; no peer but a
 * witness → the peers are gone. Without witnesses the last server serves: an aircraft must keep its
 * announcements with one server left. No carrier on the client interface is cut off in any case.
 */
import { NEVER } from "./changes.ts";
import type { Timing } from "./timing.ts";

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

  /** @param witnessCount witnesses in the configuration, 0 for none */
  constructor(
    private readonly witnessCount: number,
    timing: Timing,
    nowUs: number,
  ) {
    this.askedSinceUs = nowUs;
    this.windowUs = timing.detectionUs + witnessCount * timing.periodUs;
  }

  /** Flight begins, or the loop was late: nobody could have been asked before. */
  begin(nowUs: number): void {
    this.askedSinceUs = nowUs;
  }

  /** @returns the witness to be probed in the period that begins, −1 without witnesses */
  probe(): number {
    if (this.witnessCount === 0) return -1;
    this.nextWitness = (this.nextWitness + 1) % this.witnessCount;
    return this.nextWitness;
  }

  setCarrier(present: boolean): void {
    this.carrier = present;
  }

  /** When it is cut off at the earliest although nothing changes. */
  dueUs(hearsPeer: boolean): number {
    if (this.witnessCount === 0 || hearsPeer) return NEVER;
    return Math.max(this.witnessHeardUs, this.askedSinceUs) + this.windowUs;
  }

  onWitness(nowUs: number): void {
    this.witnessHeardUs = nowUs;
  }

  /** @param hearsPeer any other server of this table is heard */
  isCutOff(nowUs: number, hearsPeer: boolean): boolean {
    if (!this.carrier) return true;
    if (this.witnessCount === 0 || hearsPeer) return false;
    return nowUs - Math.max(this.witnessHeardUs, this.askedSinceUs) >= this.windowUs;
  }

  /**
   * Whether a server that starts may serve as far as is known: it has heard a peer or a witness,
   * where it has witnesses.
   */
  hasContact(nowUs: number, hearsPeer: boolean): boolean {
    if (!this.carrier) return false;
    return this.witnessCount === 0 || hearsPeer || nowUs - this.witnessHeardUs < this.windowUs;
  }
}
