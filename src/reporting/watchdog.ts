/**
 * When to feed a watchdog: a fraction of its time-out after the last accepted feeding. Numbers
 * only.
 */
import { assert } from "../assert.ts";

export class FeedingRhythm {
  /** Interval between two feedings. */
  readonly intervalUs: number;
  private nextUs = 0;

  /**
   * @param perTimeout feedings within one time-out; two may be too few when the loop is late once
   */
  constructor(timeoutUs: number, perTimeout: number) {
    assert(timeoutUs > 0 && perTimeout > 1, "a watchdog is fed within its time-out");
    this.intervalUs = Math.floor(timeoutUs / perTimeout);
  }

  /** True from the first call on, and again {@link intervalUs} after {@link fed}. */
  isDue(nowUs: number): boolean {
    return nowUs >= this.nextUs;
  }

  /** Notes an accepted feeding; while the watchdog refuses, feeding stays due. */
  fed(nowUs: number): void {
    this.nextUs = nowUs + this.intervalUs;
  }
}
