/**
 * Fate of single keep-alives chosen by a test or the explorer: lost, late, or lost until further
 * notice. Each direction counts its messages from the last `begin` on.
 */
import { NETWORKS_MAX, SERVERS_MAX } from "../../src/limits.ts";
import { LOST, type Network, PASSES } from "./network.ts";

/** Messages of a direction that can be chosen. */
export const CHOSEN_MAX = 8;

export class ChosenLosses {
  /** Which of the next messages of each direction are lost: one bit each. */
  readonly lost = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** Which one is late, its number + 1; 0 for none. */
  readonly late = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** By how much. */
  readonly lateUs = new Float64Array(SERVERS_MAX * SERVERS_MAX);
  /**
   * More than restTicks where everything is lost, and for how long: ticks. What is left after that
   * is the time in which no silence may follow, because two in a row would be a longer one.
   */
  readonly silent = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** Ticks left in which what lasted for a while, and is over, may still cost a lease. */
  roughTicks = 0;
  /** Other than 0 where a direction of a network was cut by choice: how, see exploration/moves. */
  readonly cut = new Uint8Array(NETWORKS_MAX * SERVERS_MAX * SERVERS_MAX);
  /** Messages of each direction since the last `begin`. */
  readonly sent = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** Messages of each direction that were missed in a row, up to one more than is bridged. */
  readonly inARow = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** Ticks left in which it counts that more were lost in this direction than is bridged. */
  readonly missedTicks = new Uint8Array(SERVERS_MAX * SERVERS_MAX);
  /** Whether datagrams that arrive at a server now are lost, because it is stalled. */
  isDeaf: (to: number) => boolean = () => false;

  /** @param servers how many of them there are */
  constructor(
    private readonly network: Network,
    private readonly servers: number,
    private readonly roughTicksMax = 0,
    readonly restTicks = 0,
  ) {
    network.heldUs = new Float64Array(SERVERS_MAX * SERVERS_MAX);
    network.fateOf = (from, to, nowUs) => {
      const fate = this.fateOf(from, to);
      this.count(from, to, fate === LOST || this.isDeaf(to), nowUs);
      return fate;
    };
  }

  /** Messages are counted from now on. */
  begin(): void {
    for (let from = 0; from < this.servers; from++)
      for (let to = 0; to < this.servers; to++) this.sent[from * SERVERS_MAX + to] = 0;
  }

  /** Silence that was chosen is over a tick earlier. */
  pass(): void {
    if (this.roughTicks > 0) this.roughTicks--;
    for (let from = 0; from < this.servers; from++) {
      for (let to = 0; to < this.servers; to++) {
        const at = from * SERVERS_MAX + to;
        if (this.silent[at] > 0) this.silent[at]--;
        if (this.missedTicks[at] > 0) this.missedTicks[at]--;
      }
    }
  }

  /** The next message of the direction is lost; `after`: the number that pass before it. */
  lose(from: number, to: number, after = 0): void {
    const at = from * SERVERS_MAX + to;
    this.lost[at] |= 1 << (this.sent[at] + after);
  }

  /** The same, and it arrives later by `us`. */
  hold(from: number, to: number, after: number, us: number): void {
    const at = from * SERVERS_MAX + to;
    this.late[at] = this.sent[at] + after + 1;
    this.lateUs[at] = us;
  }

  roughen(): void {
    this.roughTicks = this.roughTicksMax;
  }

  /** The chosen losses have happened. */
  isDone(): boolean {
    for (let from = 0; from < this.servers; from++) {
      for (let to = 0; to < this.servers; to++) {
        const at = from * SERVERS_MAX + to;
        if (this.lost[at] !== 0 || this.late[at] !== 0) return false;
      }
    }
    return true;
  }

  /**
   * A stalled server has not sent a keep-alive: a server that missed the last one, or is not heard
   * there, misses it.
   */
  noteUnsent(from: number, nowUs: number): void {
    for (let to = 0; to < this.servers; to++) {
      if (to === from) continue;
      const isMissed = this.inARow[from * SERVERS_MAX + to] > 0 || !this.network.passes(to, from);
      if (isMissed) this.count(from, to, true, nowUs);
    }
  }

  /** More are lost in both directions than is bridged: the network counts as divided (P1). */
  private count(from: number, to: number, isLost: boolean, nowUs: number): void {
    const { inARow, missedTicks, network } = this;
    const at = from * SERVERS_MAX + to;
    if (!isLost) inARow[at] = 0;
    else if (inARow[at] <= network.bridgedPeriods) inARow[at]++;
    if (inARow[at] <= network.bridgedPeriods) return;
    missedTicks[at] = this.roughTicksMax;
    if (missedTicks[to * SERVERS_MAX + from] === 0 && network.passes(to, from)) return;
    network.divide(from, to, nowUs);
    this.roughen();
  }

  private fateOf(from: number, to: number): number {
    const at = from * SERVERS_MAX + to;
    const number = this.sent[at]++;
    const heldUs = this.network.heldUs as Float64Array;
    heldUs[at] = 0;
    if (this.late[at] === number + 1) {
      this.late[at] = 0;
      heldUs[at] = this.lateUs[at];
    }
    if (this.silent[at] > this.restTicks) {
      this.roughen();
      return LOST;
    }
    const bit = 1 << number;
    if ((this.lost[at] & bit) === 0) return PASSES;
    this.lost[at] &= ~bit;
    return LOST;
  }
}
