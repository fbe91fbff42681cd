/**
 * Relays other servers' keep-alives where a cable is cut in part: whoever hears server x tells
 * those who hear the relay, but not x itself. So any two servers that are joined somehow hear each
 * other, each failure looks the same to all, and a hand-over works without a direct way. A message
 * says whose own datagrams reach its sender; where all reach all, nothing is relayed. One missing
 * message is enough to begin: so a cable may be cut in part at any time, and no lease runs out.
 *
 * Bounded: per period each server relays at most RELAYS_PER_PERIOD_MAX messages of each other
 * server, and none twice; those of a silent server end everywhere. A message that arrives late this
 * way only makes a silence look shorter.
 */

import type { FunctionTable } from "../allocation/function-table.ts";
import { RELAYS_PER_PERIOD_MAX, SERVERS_MAX } from "../limits.ts";
import { MARK_RELAYED, MARK_RELAYS_SPENT, marks } from "../marks.ts";
import { FLAG_RELAYED, KeepAliveMessage } from "../wire/keep-alive.ts";
import { lowest, type Membership } from "./membership.ts";

export class Relay {
  /** Sequence number and incarnation of each server's message that was last relayed. */
  private readonly sequence = new Uint32Array(SERVERS_MAX);
  private readonly incarnation = new Uint32Array(SERVERS_MAX);
  /** Messages of each server relayed in this period. */
  private readonly sent = new Uint8Array(SERVERS_MAX);
  /** Mask of the servers whose newest message is to be relayed now. */
  private wanted = 0;
  private anySent = false;
  /** The message being relayed. */
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

  /** Relay next: the servers heard here that another one we hear does not hear directly. */
  update(): void {
    const { membership } = this;
    const { heard } = membership;
    let missing = 0;
    for (let left = heard; left !== 0; left &= left - 1) {
      const other = lowest(left);
      missing |= heard & ~membership.latest(other).direct & ~(1 << other);
    }
    this.wanted = missing;
  }

  /** The next message to relay; null: none left. */
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
      const newest = this.membership.latest(server);
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
