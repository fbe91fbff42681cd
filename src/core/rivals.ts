/**
 * Who else owns or claims a function, and which of two goes first; both sides decide alike
 * (PROTOCOL.md, "Hand-over").
 */
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { MARK_RIVAL_CLAIM, marks } from "../marks.ts";
import { ADDING } from "./handover-rows.ts";
import { lowest, type Membership } from "./membership.ts";

export class Rivals {
  constructor(
    private readonly table: FunctionTable,
    private readonly membership: Membership,
    private readonly self: number,
  ) {}

  /**
   * No living server is known to own it, none that goes before us claims it, and the lease of a
   * silent owner has run out.
   */
  isFree(index: number, nowUs: number): boolean {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (server === this.self) continue;
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

  /**
   * A VIP that waited may be set. One that is being restored may be owned twice already.
   * @param state of the function: ADDING or RESTORING
   */
  mayAdd(index: number, state: number, nowUs: number): boolean {
    if (state === ADDING) return this.isFree(index, nowUs);
    return this.ownerBeforeUs(index) === NONE;
  }

  /**
   * Every server that is heard and hears us has echoed our message `claimSequence`, which carried
   * the claim. A newcomer that only listens is not waited for: before it takes anything it needs
   * our echo, and with it hears of us. So its start, or its end, lengthens no failover.
   */
  haveEchoed(claimSequence: number): boolean {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (!membership.isHeard(server) || membership.isDeafToUs(server)) continue;
      if (membership.isOnlyBeginning(server)) continue;
      if (membership.echoedSequence[server] < claimSequence) return false;
    }
    return true;
  }

  /**
   * A server has just lost us and cannot echo. It loses other owners up to a period later, and then
   * claims what it sees nobody own; that claim may be lost as often as is bridged.
   */
  mayStillClaim(nowUs: number): boolean {
    const { membership } = this;
    for (let left = membership.heard; left !== 0; left &= left - 1) {
      const server = lowest(left);
      if (nowUs >= membership.claimsUntilUs[server]) continue;
      if (membership.isDeafToUs(server) && membership.takesFunctions(server)) return true;
    }
    return false;
  }

  /**
   * Owned twice after a divided network was joined, or about to be, by a server that does not wait
   * for our lease: the server that keeps it, or NONE for us.
   */
  ownerBeforeUs(index: number): number {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (server === this.self || !membership.isHeard(server) || !this.goesBeforeUs(server))
        continue;
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
