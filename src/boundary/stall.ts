/**
 * Detects that this loop was held up: stopped, paused or starved. The loop's first act afterwards
 * is to let go of everything; the engine then ends and restarts as a new incarnation.
 */

import { MARK_STALLED, marks } from "../marks.ts";
import type { Timing } from "./timing.ts";

export class Stall {
  /** The loop stopped in the middle of a turn; the rest of that turn acts on outdated knowledge. */
  stoppedInTurn = false;

  constructor(private readonly timing: Timing) {}

  /**
   * Whether nothing was sent for the detection time, less the period covered by the last
   * keep-alive: the others have taken over what was ours, or are about to.
   * @param nextSendUs when the next keep-alive is due
   */
  has(nowUs: number, nextSendUs: number): boolean {
    const sinceUs = this.timing.detectionUs - this.timing.periodUs;
    if (!this.stoppedInTurn && nowUs - nextSendUs <= sinceUs) return false;
    marks[MARK_STALLED]++;
    return true;
  }

  /**
   * Notes a stop between the begin of the period and its keep-alive: the others' last keep-alive is
   * then a period older.
   */
  noteStep(nowUs: number, beforeUs: number): void {
    if (nowUs - beforeUs > this.timing.detectionUs - this.timing.periodUs)
      this.stoppedInTurn = true;
  }

  /** Whether the keep-alive is more than half a period late. */
  isLate(nowUs: number, nextSendUs: number): boolean {
    return nowUs - nextSendUs > this.timing.periodUs / 2;
  }
}
