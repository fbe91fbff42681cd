/** What the shell has to do, in order; a ring, preallocated. What became of it comes back as an event. */
import { assert } from "../assert.ts";
import { EFFECTS_MAX } from "../limits.ts";

/** Bring the VIPs of function `index` up and announce them; answered by EVENT_VIP_UP or EVENT_VIP_FAILED. */
export const EFFECT_VIP_ADD = 1;
/** Take the VIPs of function `index` down; answered by EVENT_VIP_DOWN. */
export const EFFECT_VIP_REMOVE = 2;
/** Announce the VIPs of function `index` again (gratuitous ARP, unsolicited neighbour advertisement). */
export const EFFECT_ANNOUNCE = 3;
/** Start the process of function `index`; `first` is REASON_*. */
export const EFFECT_PROCESS_START = 4;
/** Stop the process of function `index`; `first` is the grace in ms. */
export const EFFECT_PROCESS_STOP = 5;
/** Tell the clients about function `index`; `first` is NOTICE_*, `second` the reason. */
export const EFFECT_NOTICE = 6;
/** A maintenance event: `index` is its code, `first` and `second` its values. */
export const EFFECT_LOG = 7;
/** The phase of this server changed to `first`. */
export const EFFECT_PHASE = 8;
/** Everything is let go and good-bye is said: the engine may end. */
export const EFFECT_LEFT = 9;

export class EffectQueue {
  private head = 0;
  count = 0;
  private readonly kinds = new Uint8Array(EFFECTS_MAX);
  private readonly indices = new Uint16Array(EFFECTS_MAX);
  private readonly firsts = new Int32Array(EFFECTS_MAX);
  private readonly seconds = new Int32Array(EFFECTS_MAX);
  // The effect taken last.
  kind = 0;
  index = 0;
  first = 0;
  second = 0;

  push(kind: number, index: number, first: number, second: number): void {
    assert(this.count < EFFECTS_MAX, "effect queue");
    const slot = (this.head + this.count) % EFFECTS_MAX;
    this.kinds[slot] = kind;
    this.indices[slot] = index;
    this.firsts[slot] = first;
    this.seconds[slot] = second;
    this.count++;
  }

  /** Kind of the next effect, 0 when there is none. */
  peek(): number {
    return this.count === 0 ? 0 : this.kinds[this.head];
  }

  /** Function or code of the next effect; only when there is one. */
  peekIndex(): number {
    return this.indices[this.head];
  }

  /** Takes the next effect into `kind`, `index`, `first`, `second`. @returns false when there is none. */
  take(): boolean {
    if (this.count === 0) return false;
    this.kind = this.kinds[this.head];
    this.index = this.indices[this.head];
    this.first = this.firsts[this.head];
    this.second = this.seconds[this.head];
    this.head = (this.head + 1) % EFFECTS_MAX;
    this.count--;
    return true;
  }
}
