/**
 * How a witness is asked: alone, as long as it answers (RFC 1122, section 2.3.2.1: unicast poll),
 * so that the rest of the cabin is not disturbed in every period; and by broadcast until it has
 * answered, and again when it does not any more, because another device may have its address now.
 * Broadcasts are rare, however short the period is: every seat has to look at them.
 */
import { WITNESS_BROADCAST_MS, WITNESS_UNANSWERED_MAX } from "../limits.ts";

export const ASK_NOT = 0;
export const ASK_ALONE = 1;
export const ASK_EVERYBODY = 2;

export class WitnessPoll {
  /** Questions in a row that were not answered. */
  private unanswered = WITNESS_UNANSWERED_MAX;
  private answeredUs = Number.NEGATIVE_INFINITY;
  private broadcastUs = Number.NEGATIVE_INFINITY;

  /** The witness is to be asked now. @returns ASK_* */
  ask(nowUs: number): number {
    const distanceUs = WITNESS_BROADCAST_MS * 1000;
    // A slow device may take longer than some short periods to answer.
    if (this.unanswered < WITNESS_UNANSWERED_MAX || nowUs - this.answeredUs < distanceUs) {
      this.unanswered++;
      return ASK_ALONE;
    }
    if (nowUs - this.broadcastUs < distanceUs) return ASK_NOT;
    this.broadcastUs = nowUs;
    return ASK_EVERYBODY;
  }

  /** It has answered. */
  onAnswer(nowUs: number): void {
    this.unanswered = 0;
    this.answeredUs = nowUs;
  }
}
