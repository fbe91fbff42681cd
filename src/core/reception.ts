/**
 * Takes what the networks bring into the events. Nothing that a stranger can send costs more than
 * its share: so many datagrams of each network in a turn, and after so many in a period they wake
 * nobody any more.
 */

import { COUNTER_AUTHENTICATION, COUNTER_MALFORMED } from "../boundary/counters.ts";
import type { Shell } from "../boundary/shell.ts";
import { RECEIVES_AT_ONCE_MAX, RECEIVES_PER_TURN_MAX, UNREAD_TURNS_MAX } from "../limits.ts";
import { decodeKeepAlive, KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import type { Engine } from "./engine.ts";

export class Reception {
  /** Datagrams received since the period began. */
  private receivedInPeriod = 0;
  /** Turns in a row after which the networks still held datagrams. */
  private unreadTurns = 0;

  constructor(
    private readonly engine: Engine,
    private readonly shell: Shell,
  ) {}

  beginPeriod(): void {
    this.receivedInPeriod = 0;
  }

  get arrivalsWake(): boolean {
    return this.receivedInPeriod < RECEIVES_AT_ONCE_MAX;
  }

  /**
   * All was read that had arrived; or so much arrives that waiting for it would keep failures from
   * being seen.
   */
  get mayJudgeSilence(): boolean {
    return this.unreadTurns === 0 || this.unreadTurns > UNREAD_TURNS_MAX;
  }

  /** Each network has its own share of a turn: a flood on one does not silence the other. */
  receive(): void {
    const { shell } = this;
    const { events } = this.engine;
    let allRead = true;
    for (let network = 0; network < shell.networkCount; network++) {
      let taken = 0;
      for (; taken < RECEIVES_PER_TURN_MAX && events.takesMessage(); taken++) {
        const length = shell.receive(network);
        if (length < 0) break;
        this.take(network, length);
      }
      this.receivedInPeriod += taken;
      if (taken === RECEIVES_PER_TURN_MAX || !events.takesMessage()) allRead = false;
    }
    this.unreadTurns = allRead ? 0 : this.unreadTurns + 1;
  }

  /** The seal before the content: what nobody vouches for is not interpreted. */
  private take(network: number, length: number): void {
    const { shell } = this;
    const { events, counters } = this.engine;
    if (length !== KEEP_ALIVE_BYTES) counters[COUNTER_MALFORMED]++;
    else if (!shell.isSealed(network)) counters[COUNTER_AUTHENTICATION]++;
    else if (!decodeKeepAlive(shell.received(network), length, events.nextMessage()))
      counters[COUNTER_MALFORMED]++;
    else events.pushMessage(network);
  }
}
