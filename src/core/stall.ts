/**
 * Whether this loop was held up: stopped, paused, starved. The first thing it does afterwards is to
 * let go of everything; the engine ends and begins anew as a new incarnation.
 */

import type { Timing } from "../boundary/timing.ts";
import { MARK_STALLED, marks } from "../marks.ts";

export class Stall {
  /** Stopped in the middle of a turn: what it still does is done on what was known before. */
  stoppedInTurn = false;

  constructor(private readonly timing: Timing) {}

  /**
   * Nothing was sent for the detection time, less the period that the last keep-alive stands for:
   * the others have taken over what was ours, or are about to.
   * @param nextSendUs when the next keep-alive is due
   */
  has(nowUs: number, nextSendUs: number): boolean {
    const sinceUs = this.timing.detectionUs - this.timing.periodUs;
    if (!this.stoppedInTurn && nowUs - nextSendUs <= sinceUs) return false;
    marks[MARK_STALLED]++;
    return true;
  }

  /**
   * Stopped since the period began, before its keep-alive went out: the last one that the others
   * have is of the period before.
   */
  noteStep(nowUs: number, beforeUs: number): void {
    if (nowUs - beforeUs > this.timing.detectionUs - this.timing.periodUs)
      this.stoppedInTurn = true;
  }

  /** More than half a period late for its keep-alive. */
  isLate(nowUs: number, nextSendUs: number): boolean {
    return nowUs - nextSendUs > this.timing.periodUs / 2;
  }
}
