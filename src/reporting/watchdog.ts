/**
 * When a watchdog is to be fed: a share of its time-out after the last time it took what it was
 * given. Numbers only.
 */
import { assert } from "../assert.ts";

export class FeedingRhythm {
  /** Between two feedings. */
  readonly intervalUs: number;
  private nextUs = 0;

  /**
   * @param perTimeout feedings within one time-out; two could be one too few when the loop is late
   * once
   */
  constructor(timeoutUs: number, perTimeout: number) {
    assert(timeoutUs > 0 && perTimeout > 1, "a watchdog is fed within its time-out");
    this.intervalUs = Math.floor(timeoutUs / perTimeout);
  }

  /** From the first call on, and again {@link intervalUs} after {@link fed}. */
  isDue(nowUs: number): boolean {
    return nowUs >= this.nextUs;
  }

  /** The watchdog has taken it; as long as it refuses, feeding stays due. */
  fed(nowUs: number): void {
    this.nextUs = nowUs + this.intervalUs;
  }
}
