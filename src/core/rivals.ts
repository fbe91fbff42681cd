/**
 * Who else owns or claims a function, and which of two goes first; both sides decide alike
 * (PROTOCOL.md, "Hand-over").
 */
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { SERVER_LEAVING } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { BITMAP_WORDS } from "../limits.ts";
import { MARK_RIVAL_CLAIM, marks } from "../marks.ts";
import { ADDING } from "./handover-rows.ts";
import { lowest, type Membership } from "./membership.ts";

export class Rivals {
  /** Functions that somebody else owns or claims, or that are owned here; and now or just before. */
  private readonly taken = new Uint32Array(BITMAP_WORDS);
  readonly takenLately = new Uint32Array(BITMAP_WORDS);

  constructor(
    private readonly table: FunctionTable,
    private readonly membership: Membership,
    private readonly timing: Timing,
    private readonly self: number,
  ) {}

  /**
   * No living server is known to own it, none that goes before us claims it, and the lease of a
   * silent owner has run out.
   */
  isFree(index: number, nowUs: number): boolean {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (membership.mayAnswer(server, index, nowUs)) return false;
      if (!membership.counts(server)) continue;
      if (membership.owns(server, index)) return false;
      if (this.goesBeforeUs(server) && membership.claims(server, index)) {
        marks[MARK_RIVAL_CLAIM]++;
        return false;
      }
    }
    return true;
  }

  /** A VIP that waited may be set. One that is being restored may be owned twice already. */
  mayAdd(index: number, state: number, nowUs: number): boolean {
    if (state === ADDING) return this.isFree(index, nowUs);
    return this.ownerBeforeUs(index) === NONE;
  }

  /**
   * Everybody knows what our message `sequence` said, or has had the time for that: servers that
   * hear us have echoed it. For a claim, the take-over time has passed as well where one cannot:
   * - A server that we hear, but that is deaf to us, claims what it sees nobody own. It loses other
   *   owners up to a period later than we, and its claim may be lost as often as is bridged.
   * - A server that we do not hear may hear us, and own what we see nobody own; but what was owned
   *   until now is ours, because it waits in the same way.
   *
   * A newcomer that only listens is not waited for: before it takes anything it needs our echo, and
   * with it hears of us. So its start, or its end, lengthens no failover.
   * @param saidUs since when; of a claim, and nobody else has what (`wasFree`) nobody had owned
   */
  areAware(sequence: number, saidUs: number, wasFree: boolean, nowUs: number): boolean {
    const { membership, table, timing, self } = this;
    for (let server = 0; server < table.serverCount; server++) {
      if (server === self || membership.isOnlyBeginning(server)) continue;
      let sinceUs = saidUs;
      if (!membership.isHeard(server)) {
        if (!wasFree || !this.mayOwn(server, nowUs)) continue;
      } else if (membership.isDeafToUs(server)) {
        sinceUs = Math.max(saidUs, membership.deafSinceUs[server]);
      } else if (membership.echoedSequence[server] >= sequence) continue;
      else return false;
      if (nowUs - sinceUs < timing.takeOverUs) return false;
    }
    return true;
  }

  /** Not if nothing is known of it, or it has just said good-bye: it would still listen. */
  private mayOwn(server: number, nowUs: number): boolean {
    const { state, incarnation, lastHeardUs } = this.membership;
    if (state[server] !== SERVER_LEAVING) return incarnation[server] !== 0;
    return nowUs - lastHeardUs[server] >= this.timing.detectionUs;
  }

  /** To be called in every decision. @param owns what is owned here */
  look(owns: Uint32Array): void {
    const { membership, taken, takenLately } = this;
    for (let word = 0; word < this.table.wordCount; word++) {
      let now = owns[word];
      for (let left = membership.counting; left !== 0; left &= left - 1) {
        const latest = membership.latest(lowest(left));
        now |= latest.owns[word] | latest.claims[word];
      }
      takenLately[word] = taken[word] | now;
      taken[word] = now;
    }
  }

  /**
   * Owned twice after a divided network was joined, or about to be, by a server that does not wait
   * for our lease: the server that keeps it, or NONE for us.
   */
  ownerBeforeUs(index: number): number {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (!membership.isHeard(server) || !this.goesBeforeUs(server)) continue;
      if (membership.owns(server, index)) return server;
      if (membership.lastEchoed[server] === 0 && membership.claims(server, index)) return server;
    }
    return NONE;
  }

  /** Owned twice: the server that must yield to us, or NONE. */
  ownerAfterUs(index: number): number {
    const { membership } = this;
    for (let server = this.self + 1; server < this.table.serverCount; server++) {
      if (membership.isHeard(server) && membership.owns(server, index)) return server;
    }
    return NONE;
  }

  /** Another server owns a function whose VIPs may be up here, whoever yields. */
  haveTaken(states: Uint8Array): boolean {
    for (let index = 0; index < this.table.functionCount; index++) {
      if (states[index] <= ADDING) continue;
      for (let server = 0; server < this.table.serverCount; server++)
        if (this.membership.isHeard(server) && this.membership.owns(server, index)) return true;
    }
    return false;
  }

  /**
   * Of two rivals the lower server index goes first; but one that does not hear us cannot yield.
   */
  private goesBeforeUs(server: number): boolean {
    return server < this.self || this.membership.isDeafToUs(server);
  }
}
