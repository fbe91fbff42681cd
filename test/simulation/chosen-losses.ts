/**
 * What becomes of single keep-alives where a test or the explorer chooses: lost, late, or lost
 * until further notice. Each direction counts its messages from the last `begin` on.
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

  /** @param servers how many of them there are */
  constructor(
    private readonly network: Network,
    private readonly servers: number,
    private readonly roughTicksMax = 0,
    readonly restTicks = 0,
  ) {
    network.heldUs = new Float64Array(SERVERS_MAX * SERVERS_MAX);
    network.fateOf = (from, to) => this.fateOf(from, to);
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
      }
    }
  }

  /** The next message of the direction is lost; `after`: so many that pass before it. */
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

  /** What was chosen has come to pass. */
  isDone(): boolean {
    for (let from = 0; from < this.servers; from++) {
      for (let to = 0; to < this.servers; to++) {
        const at = from * SERVERS_MAX + to;
        if (this.lost[at] !== 0 || this.late[at] !== 0) return false;
      }
    }
    return true;
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
