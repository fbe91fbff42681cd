/**
 * Schedules the repeated announcements of a function that came up, for some minutes: its first ones
 * may have been lost. They come on top of the core's own, which are the second announcement and the
 * answers to rivals and strangers. No garbage after the constructor.
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
  /** No announcement is due before this. */
  private earliestUs = NEVER;
  private place = 0;
  private left = 0;

  constructor(functionCount: number) {
    const bytes = 8 * Math.max(1, functionCount);
    this.dueUs = new Float64Array(new ArrayBuffer(bytes)).fill(NEVER);
    this.pauseUs = new Float64Array(new ArrayBuffer(bytes));
    this.endUs = new Float64Array(new ArrayBuffer(bytes));
  }

  /** Begins the series of a function that came up. */
  begin(index: number, nowUs: number): void {
    this.pauseUs[index] = ANNOUNCE_PAUSE_MS_MIN * 1000;
    this.endUs[index] = nowUs + ANNOUNCE_FOR_MS * 1000;
    this.schedule(index, nowUs);
  }

  /** Ends the series of a function that leaves. */
  end(index: number): void {
    this.dueUs[index] = NEVER;
  }

  /** Begins a period; {@link next} then yields the due functions. */
  beginPeriod(nowUs: number): void {
    this.left = ANNOUNCED_PER_PERIOD_MAX;
    this.place = this.dueUs.length;
    if (nowUs < this.earliestUs) return;
    this.earliestUs = NEVER;
    this.place = 0;
  }

  /** Next function to announce in this period; −1: none left. */
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
