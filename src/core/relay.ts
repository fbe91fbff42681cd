/**
 * Sends other servers' keep-alives on where a cable is cut in part: whoever hears server x tells
 * those who hear the teller, but not x itself. So every two servers that are joined by any way hear
 * each other, each failure looks the same to all, and a hand-over works between servers that have
 * no direct way. A message says whose own datagrams reach its sender; where all reach all, nothing
 * is sent on. One message that is missing is enough: so a cable may be cut in part at any time, and
 * no lease runs out.
 *
 * Bounded: in a period each server sends on RELAYS_PER_PERIOD_MAX messages of each other server at
 * most, and none twice; messages of a server that has fallen silent end everywhere. A message that
 * comes late by this way only makes a silence look shorter.
 */

import type { FunctionTable } from "../allocation/function-table.ts";
import { RELAYS_PER_PERIOD_MAX, SERVERS_MAX } from "../limits.ts";
import { MARK_RELAYED, MARK_RELAYS_SPENT, marks } from "../marks.ts";
import { FLAG_RELAYED, KeepAliveMessage } from "../wire/keep-alive.ts";
import { lowest, type Membership } from "./membership.ts";

export class Relay {
  /** Sequence number of the message of each server that was sent on last, and its incarnation. */
  private readonly sequence = new Uint32Array(SERVERS_MAX);
  private readonly incarnation = new Uint32Array(SERVERS_MAX);
  /** Messages of each server sent on in this period. */
  private readonly sent = new Uint8Array(SERVERS_MAX);
  /** Mask of the servers whose newest message is to be sent on now. */
  private wanted = 0;
  private anySent = false;
  /** What is sent on. */
  private readonly message: KeepAliveMessage;

  constructor(
    private readonly membership: Membership,
    table: FunctionTable,
  ) {
    this.message = new KeepAliveMessage(table.serverCount, table.wordCount);
  }

  beginPeriod(): void {
    if (this.anySent) this.sent.fill(0);
    this.anySent = false;
  }

  /**
   * What is to be sent on after what was heard last: the servers that somebody who is heard does
   * not hear directly.
   */
  update(): void {
    const { membership } = this;
    const { heard } = membership;
    let missing = 0;
    for (let left = heard; left !== 0; left &= left - 1) {
      const other = lowest(left);
      missing |= heard & ~membership.said(other).direct & ~(1 << other);
    }
    this.wanted = missing;
  }

  /** The next message to be sent on, null when there is none left. */
  compose(): KeepAliveMessage | null {
    for (let server = 0; this.wanted !== 0; server++) {
      const bit = 1 << server;
      if ((this.wanted & bit) === 0) continue;
      this.wanted &= ~bit;
      if (!this.isNew(server)) continue;
      if (this.sent[server] === RELAYS_PER_PERIOD_MAX) {
        marks[MARK_RELAYS_SPENT]++;
        continue;
      }
      marks[MARK_RELAYED]++;
      const newest = this.membership.said(server);
      this.sent[server]++;
      this.anySent = true;
      this.sequence[server] = newest.sequence;
      this.incarnation[server] = newest.incarnation;
      this.message.copy(newest);
      this.message.flags |= FLAG_RELAYED;
      return this.message;
    }
    return null;
  }

  private isNew(server: number): boolean {
    const { membership } = this;
    const isSame = this.incarnation[server] === membership.incarnation[server];
    return !isSame || this.sequence[server] !== membership.sequence[server];
  }
}
