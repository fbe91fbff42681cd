/**
 * Hosts whose keep-alives are refused repeatedly, recorded with the reason: a server with another
 * key, system or port is no stranger, and a counter does not lead to it.
 *
 * Pure, preallocated, bounded: a fixed number is tracked whatever hosts send, and a recorded host
 * is kept until it is silent.
 */
import {
  REFUSED_GONE_MS,
  REFUSED_NAMED_AFTER,
  REFUSED_NAMED_AFTER_MS,
  REFUSED_PERIODS_MIN,
  REFUSED_SENDERS_MAX,
} from "../limits.ts";

// ---- reasons
export const REFUSED_KEY = 0;
export const REFUSED_SYSTEM = 1;
export const REFUSED_PORT = 2;
export const REFUSED_SERVER = 3;

// ---- changes of a row
export const SENDER_UNCHANGED = 0;
export const NAMED = 1;
export const GONE = 2;

const NOBODY = -1;

export class RefusedSenders {
  /** Rows; a row is in use while `count` is not 0. */
  readonly rows = REFUSED_SENDERS_MAX;
  readonly reason = new Uint8Array(REFUSED_SENDERS_MAX);
  readonly network = new Uint8Array(REFUSED_SENDERS_MAX);
  readonly macHigh = new Uint16Array(REFUSED_SENDERS_MAX);
  readonly macLow = new Uint32Array(REFUSED_SENDERS_MAX);
  private readonly count = new Uint32Array(REFUSED_SENDERS_MAX);
  private readonly isNamed = new Uint8Array(REFUSED_SENDERS_MAX);
  private readonly firstUs = new Float64Array(REFUSED_SENDERS_MAX);
  private readonly lastUs = new Float64Array(REFUSED_SENDERS_MAX);

  private readonly namedAfterUs: number;
  private readonly goneUs: number;

  constructor(periodUs: number) {
    const leastUs = REFUSED_PERIODS_MIN * periodUs;
    this.namedAfterUs = Math.max(REFUSED_NAMED_AFTER_MS * 1000, leastUs);
    this.goneUs = Math.max(REFUSED_GONE_MS * 1000, leastUs);
  }

  /** Notes a refused keep-alive. */
  note(reason: number, network: number, macHigh: number, macLow: number, nowUs: number): void {
    let free = NOBODY;
    for (let row = 0; row < REFUSED_SENDERS_MAX; row++) {
      if (this.count[row] === 0) {
        if (free === NOBODY) free = row;
        continue;
      }
      const isSame = this.reason[row] === reason && this.network[row] === network;
      if (!isSame || this.macHigh[row] !== macHigh || this.macLow[row] !== macLow) continue;
      this.count[row]++;
      this.lastUs[row] = nowUs;
      return;
    }
    if (free === NOBODY) return; // another host must fall silent first
    this.reason[free] = reason;
    this.network[free] = network;
    this.macHigh[free] = macHigh;
    this.macLow[free] = macLow;
    this.count[free] = 1;
    this.isNamed[free] = 0;
    this.firstUs[free] = nowUs;
    this.lastUs[free] = nowUs;
  }

  /** Once per period, for each row. */
  judge(row: number, nowUs: number): number {
    if (this.count[row] === 0) return SENDER_UNCHANGED;
    const isNamed = this.isNamed[row] === 1;
    const silentUs = nowUs - (this.lastUs[row] as number);
    if (silentUs >= (isNamed ? this.goneUs : this.namedAfterUs)) {
      this.count[row] = 0;
      return isNamed ? GONE : SENDER_UNCHANGED;
    }
    const sinceUs = nowUs - (this.firstUs[row] as number);
    if (isNamed || sinceUs < this.namedAfterUs) return SENDER_UNCHANGED;
    if ((this.count[row] as number) < REFUSED_NAMED_AFTER) return SENDER_UNCHANGED;
    this.isNamed[row] = 1;
    return NAMED;
  }

  /** Whether refused keep-alives come from this Ethernet address. */
  has(macHigh: number, macLow: number): boolean {
    for (let row = 0; row < REFUSED_SENDERS_MAX; row++) {
      const isUsed = this.count[row] !== 0;
      if (isUsed && this.macHigh[row] === macHigh && this.macLow[row] === macLow) return true;
    }
    return false;
  }
}
