/**
 * Work for the shell; preallocated. Three rings, each in order: letting go comes first (two servers
 * must not answer), then taking up (seats wait for it), then everything else. The outcome of an
 * effect returns as an event.
 *
 * The rings cannot reorder two effects of one function: the hand-over asks for the removal of a VIP
 * only after the answer to adding it, and vice versa.
 */
import { assert } from "../assert.ts";
import { EFFECTS_MAX } from "../limits.ts";

/** Removes the VIPs of function `index`; answered by EVENT_VIP_DOWN. */
export const EFFECT_VIP_REMOVE = 1;
/**
 * Tells the clients of function `index` that it is about to stop (S13), before its VIPs go. `first`
 * is the reason.
 */
export const EFFECT_NOTICE_STOPPING = 2;
const LETTING_GO_LAST = EFFECT_NOTICE_STOPPING;
/**
 * Sets the VIPs of function `index` and announces them. Answered by EVENT_VIP_UP or
 * EVENT_VIP_FAILED, or by EVENT_VIP_WITHDRAWN when they waited until another server had them.
 */
export const EFFECT_VIP_ADD = 3;
/**
 * Announces the VIPs of function `index` again (gratuitous ARP, unsolicited neighbour
 * advertisement).
 */
export const EFFECT_ANNOUNCE = 4;
const TAKING_UP_LAST = EFFECT_ANNOUNCE;
/** Starts the process of function `index`; `first` is REASON_*. */
export const EFFECT_PROCESS_START = 5;
/** Stops the process of function `index`; `first` is the grace in ms. */
export const EFFECT_PROCESS_STOP = 6;
/**
 * Tells the clients where function `index` is now; `first` is NOTICE_MOVED or NOTICE_STARTED,
 * `second` the reason.
 */
export const EFFECT_NOTICE = 7;
/** A maintenance record: `index` is its code, `first` and `second` its values. */
export const EFFECT_LOG = 8;
/** The phase of this server changed to `first`. */
export const EFFECT_PHASE = 9;
/** Probes witness `index`. */
export const EFFECT_PROBE = 11;
/** Everything is released and the good-bye is sent: the engine may end. */
export const EFFECT_LEFT = 10;

/** One ring of effects. */
class Ring {
  head = 0;
  count = 0;
  readonly kinds = new Uint8Array(EFFECTS_MAX);
  readonly indices = new Uint16Array(EFFECTS_MAX);
  readonly firsts = new Int32Array(EFFECTS_MAX);
  readonly seconds = new Int32Array(EFFECTS_MAX);
}

export class EffectQueue {
  private readonly lettingGo = new Ring();
  private readonly takingUp = new Ring();
  private readonly other = new Ring();
  // Last effect taken.
  kind = 0;
  index = 0;
  first = 0;
  second = 0;

  get count(): number {
    return this.urgentCount + this.other.count;
  }

  /** Effects that move or announce VIPs, including the warnings that must precede them. */
  get urgentCount(): number {
    return this.lettingGo.count + this.takingUp.count;
  }

  /** Empties all rings for a new engine. */
  clear(): void {
    for (const ring of [this.lettingGo, this.takingUp, this.other]) {
      ring.head = 0;
      ring.count = 0;
    }
  }

  push(kind: number, index: number, first: number, second: number): void {
    const ring =
      kind <= LETTING_GO_LAST
        ? this.lettingGo
        : kind <= TAKING_UP_LAST
          ? this.takingUp
          : this.other;
    assert(ring.count < EFFECTS_MAX, "effect queue");
    const slot = (ring.head + ring.count) % EFFECTS_MAX;
    ring.kinds[slot] = kind;
    ring.indices[slot] = index;
    ring.firsts[slot] = first;
    ring.seconds[slot] = second;
    ring.count++;
  }

  /** Kind of the next effect, 0 when there is none. */
  peek(): number {
    const ring = this.next();
    return ring.count === 0 ? 0 : ring.kinds[ring.head];
  }

  /** Function or code of the next effect; only when there is one. */
  peekIndex(): number {
    const ring = this.next();
    return ring.indices[ring.head];
  }

  /**
   * Takes the next effect into `kind`, `index`, `first`, `second`. @returns false when there is
   * none.
   */
  take(): boolean {
    return this.takeFrom(this.next());
  }

  /**
   * Takes the next effect that moves no VIP, whatever else waits. @returns false when there is
   * none.
   */
  takeOther(): boolean {
    return this.takeFrom(this.other);
  }

  private takeFrom(ring: Ring): boolean {
    if (ring.count === 0) return false;
    this.kind = ring.kinds[ring.head];
    this.index = ring.indices[ring.head];
    this.first = ring.firsts[ring.head];
    this.second = ring.seconds[ring.head];
    ring.head = (ring.head + 1) % EFFECTS_MAX;
    ring.count--;
    return true;
  }

  private next(): Ring {
    if (this.lettingGo.count > 0) return this.lettingGo;
    return this.takingUp.count > 0 ? this.takingUp : this.other;
  }
}
