/**
 * Moments of a flight at which a fault hurts most: a fault may wait for one instead of having its
 * own time. A turn is interrupted right there, between two of its steps, so that the waiting fault
 * comes before anything else.
 */
import type { Host } from "./host.ts";
import { breakOff } from "./pace.ts";

export const MOMENTS = [
  "another fault begins",
  "another fault ends",
  "a cut begins",
  "a cut ends",
  "a server starts",
  "an engine ends",
  "a lease is renewed",
  "a keep-alive is lost",
  "a server is judged silent",
  "a server serves",
  "a function is claimed",
  "an address goes up",
  "an address goes down",
  "a process is stopped",
  "something is decided",
] as const;
export type Moment = (typeof MOMENTS)[number];

export const FAULT_BEGINS = 0;
export const FAULT_ENDS = 1;
export const CUT_BEGINS = 2;
export const CUT_ENDS = 3;
export const STARTS = 4;
export const ENGINE_ENDS = 5;
export const RENEWED = 6;
export const KEEP_ALIVE_LOST = 7;
export const JUDGED_SILENT = 8;
export const SERVES = 9;
export const CLAIMED = 10;
export const GOES_UP = 11;
export const GOES_DOWN = 12;
export const PROCESS_STOPS = 13;
export const DECIDED = 14;

export const NOBODY = -1;

/** The observation at an awaited moment. */
export interface Sighting {
  readonly moment: number;
  /** The server concerned, and the other server involved, or NOBODY. */
  readonly server: number;
  readonly peer: number;
  /** The function concerned, or NOBODY. */
  readonly index: number;
}

export class Moments {
  /** Moments that faults wait for: one bit each. */
  awaited = 0;
  /** Those that have come, in their order. */
  readonly seen: Sighting[] = [];
  /** The host whose turn goes on now: it is broken off when a moment has come. */
  current: Host | null = null;

  await(moment: number): void {
    this.awaited |= 1 << moment;
  }

  /** It is no longer waited for. */
  forget(moment: number): void {
    this.awaited &= ~(1 << moment);
  }

  isAwaited(moment: number): boolean {
    return (this.awaited & (1 << moment)) !== 0;
  }

  note(moment: number, server: number, peer = NOBODY, index = NOBODY): void {
    if (!this.isAwaited(moment)) return;
    this.forget(moment);
    this.seen.push({ moment, server, peer, index });
    if (this.current !== null) breakOff(this.current);
  }
}
