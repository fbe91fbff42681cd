/**
 * When something of many is tried again that did not last, or was refused: at once, and then after
 * pauses that double up to a limit. Who holds for as long as the pause begins anew. No garbage
 * after the constructor.
 */
export class Pauses {
  /** When each is due again; it is not before. */
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

  /** Number `place` is tried now. */
  note(place: number, nowUs: number): void {
    const pauseUs = this.pauseUs[place] as number;
    const held = nowUs - (this.dueUs[place] as number) >= pauseUs;
    this.pauseUs[place] = pauseUs === 0 || held ? this.leastUs : Math.min(this.mostUs, 2 * pauseUs);
    this.dueUs[place] = nowUs + (this.pauseUs[place] as number);
  }

  /** It is well: the next time it is tried at once. */
  forget(place: number): void {
    this.dueUs[place] = 0;
    this.pauseUs[place] = 0;
  }
}
