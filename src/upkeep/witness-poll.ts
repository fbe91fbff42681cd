/**
 * How to ask a witness. By unicast as long as it answers (RFC 1122, section 2.3.2.1: unicast poll),
 * so that the rest of the cabin is not disturbed in every period. By broadcast until the first
 * answer, and again when it stops answering, because another device may have its address now.
 * Broadcasts are rare however short the period is: every seat must process them.
 */
import { WITNESS_BROADCAST_MS, WITNESS_UNANSWERED_MAX } from "../limits.ts";

export const ASK_NONE = 0;
export const ASK_UNICAST = 1;
export const ASK_BROADCAST = 2;

export class WitnessPoll {
  /** Consecutive unanswered questions. */
  private unanswered = WITNESS_UNANSWERED_MAX;
  private answeredUs = Number.NEGATIVE_INFINITY;
  private broadcastUs = Number.NEGATIVE_INFINITY;

  /** Called when a question is due. @returns ASK_* */
  ask(nowUs: number): number {
    const distanceUs = WITNESS_BROADCAST_MS * 1000;
    // A slow device may need several short periods to answer.
    if (this.unanswered < WITNESS_UNANSWERED_MAX || nowUs - this.answeredUs < distanceUs) {
      this.unanswered++;
      return ASK_UNICAST;
    }
    if (nowUs - this.broadcastUs < distanceUs) return ASK_NONE;
    this.broadcastUs = nowUs;
    return ASK_BROADCAST;
  }

  /** Notes an answer. */
  onAnswer(nowUs: number): void {
    this.unanswered = 0;
    this.answeredUs = nowUs;
  }
}
