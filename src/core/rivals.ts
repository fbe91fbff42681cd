/**
 * Who else owns or claims a function, and who goes first where two do: both sides decide alike
 * (protocol, section 4).
 */
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { MARK_RIVAL_CLAIM, marks } from "../marks.ts";
import { ADDING } from "./handover-rows.ts";
import type { Membership } from "./membership.ts";

export class Rivals {
  constructor(
    private readonly table: FunctionTable,
    private readonly membership: Membership,
    private readonly self: number,
  ) {}

  /**
   * No living server owns it, as far as is known, none whose claim goes before ours claims it, and
   * the lease of one that fell silent has run out.
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
   * Every server that is heard and hears us has echoed our message `claimSequence`, which carried
   * the claim. One that begins to listen when we serve is not waited for: it waits for our echo
   * before it takes anything, and with that it hears of us. So its start, or the end that may
   * follow, lengthens no failover.
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
   * Owned twice, after a divided network was joined: the server that keeps it instead of us, or
   * NONE.
   */
  ownerBeforeUs(index: number): number {
    const { membership } = this;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (server === this.self || !membership.isHeard(server) || !this.goesBeforeUs(server))
        continue;
      if (membership.owns(server, index)) return server;
    }
    return NONE;
  }

  /** Owned twice: the server that has to yield to us, or NONE. */
  ownerAfterUs(index: number): number {
    const { membership } = this;
    for (let server = this.self + 1; server < this.table.serverCount; server++) {
      if (membership.isHeard(server) && membership.owns(server, index)) return server;
    }
    return NONE;
  }

  /** Owned twice, whoever yields: of functions whose VIPs may be up here, by their states. */
  haveTaken(states: Uint8Array): boolean {
    for (let index = 0; index < this.table.functionCount; index++) {
      if (states[index] <= ADDING) continue;
      for (let server = 0; server < this.table.serverCount; server++)
        if (this.membership.isHeard(server) && this.membership.owns(server, index)) return true;
    }
    return false;
  }

  /**
   * Between two that want the same the lower server index goes first; one that does not hear us
   * cannot give way.
   */
  private goesBeforeUs(server: number): boolean {
    return server < this.self || this.membership.isDeafToUs(server);
  }
}
