/**
 * Retry times of several items that were refused or did not last: at once, then after pauses that
 * double up to a limit. An item that holds for as long as its pause starts over. No garbage after
 * the constructor.
 */
export class Pauses {
  /** Earliest time of each item's next attempt. */
  readonly dueUs: Float64Array<ArrayBuffer>;
  private readonly pauseUs: Float64Array<ArrayBuffer>;

  constructor(
    count: number,
    private readonly leastUs: number,
    private readonly mostUs: number,
  ) {
    this.dueUs = new Float64Array(new ArrayBuffer(8 * Math.max(1, count)));
    this.pauseUs = new Float64Array(new ArrayBuffer(8 * Math.max(1, count)));
  }

  /** Notes an attempt of item `place`. */
  note(place: number, nowUs: number): void {
    const pauseUs = this.pauseUs[place] as number;
    const held = nowUs - (this.dueUs[place] as number) >= pauseUs;
    this.pauseUs[place] = pauseUs === 0 || held ? this.leastUs : Math.min(this.mostUs, 2 * pauseUs);
    this.dueUs[place] = nowUs + (this.pauseUs[place] as number);
  }

  /** The item is well: its next attempt may follow at once. */
  forget(place: number): void {
    this.dueUs[place] = 0;
    this.pauseUs[place] = 0;
  }
}
