/**
 * When a function that came up is announced again, and again, for some minutes: its first
 * announcements may have been lost on the way. What the core asks for, its second announcement and
 * the answers to rivals and strangers, comes beside this. No garbage after the constructor.
 */
import {
  ANNOUNCE_FOR_MS,
  ANNOUNCE_PAUSE_MS_MAX,
  ANNOUNCE_PAUSE_MS_MIN,
  ANNOUNCED_PER_PERIOD_MAX,
} from "../limits.ts";

const NEVER = Number.POSITIVE_INFINITY;

export class AnnouncementSeries {
  private readonly dueUs: Float64Array<ArrayBuffer>;
  private readonly pauseUs: Float64Array<ArrayBuffer>;
  private readonly endUs: Float64Array<ArrayBuffer>;
  /** None is due before. */
  private earliestUs = NEVER;
  private place = 0;
  private left = 0;

  constructor(functionCount: number) {
    const bytes = 8 * Math.max(1, functionCount);
    this.dueUs = new Float64Array(new ArrayBuffer(bytes)).fill(NEVER);
    this.pauseUs = new Float64Array(new ArrayBuffer(bytes));
    this.endUs = new Float64Array(new ArrayBuffer(bytes));
  }

  /** The function came up. */
  begin(index: number, nowUs: number): void {
    this.pauseUs[index] = ANNOUNCE_PAUSE_MS_MIN * 1000;
    this.endUs[index] = nowUs + ANNOUNCE_FOR_MS * 1000;
    this.schedule(index, nowUs);
  }

  /** The function leaves. */
  end(index: number): void {
    this.dueUs[index] = NEVER;
  }

  /** A period begins: those that are due are given by {@link next}. */
  beginPeriod(nowUs: number): void {
    this.left = ANNOUNCED_PER_PERIOD_MAX;
    this.place = this.dueUs.length;
    if (nowUs < this.earliestUs) return;
    this.earliestUs = NEVER;
    this.place = 0;
  }

  /** The next function to announce in this period; −1: that is all. */
  next(nowUs: number): number {
    for (; this.place < this.dueUs.length; this.place++) {
      const index = this.place;
      if (nowUs >= this.dueUs[index] && this.left > 0) {
        this.left--;
        this.schedule(index, nowUs);
        return index;
      }
      if (this.dueUs[index] < this.earliestUs) this.earliestUs = this.dueUs[index];
    }
    return -1;
  }

  private schedule(index: number, nowUs: number): void {
    const dueUs = nowUs + this.pauseUs[index];
    this.pauseUs[index] = Math.min(2 * this.pauseUs[index], ANNOUNCE_PAUSE_MS_MAX * 1000);
    this.dueUs[index] = dueUs > this.endUs[index] ? NEVER : dueUs;
    if (this.dueUs[index] < this.earliestUs) this.earliestUs = this.dueUs[index];
  }
}
