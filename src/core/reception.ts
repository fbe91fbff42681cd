/**
 * Takes arriving datagrams into the event queue. A flood costs a bounded share: each turn reads at
 * most RECEIVES_PER_TURN_MAX from each network, and after RECEIVES_AT_ONCE_MAX in a period arrivals
 * no longer wake the loop.
 */

import { COUNTER_AUTHENTICATION, COUNTER_MALFORMED } from "../boundary/counters.ts";
import type { Shell } from "../boundary/shell.ts";
import { RECEIVES_AT_ONCE_MAX, RECEIVES_PER_TURN_MAX, UNREAD_TURNS_MAX } from "../limits.ts";
import { decodeKeepAlive, KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import type { Engine } from "./engine.ts";

export class Reception {
  /** Datagrams received since the period began. */
  private receivedInPeriod = 0;
  /** Turns in a row that left datagrams unread. */
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

  /** All arrivals are read, or so many keep coming that waiting would hide failures. */
  get mayJudgeSilence(): boolean {
    return this.unreadTurns === 0 || this.unreadTurns > UNREAD_TURNS_MAX;
  }

  /** Each network has its own share of a turn: a flood on one does not block the other. */
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

  /** Checks the seal before the content: unauthenticated bytes are not interpreted. */
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
