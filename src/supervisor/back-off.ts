/** Longest pause before something that keeps failing is restarted. */
export const PAUSE_MS_MAX = 5000;

/** The first pause; each following one is twice as long. */
export const PAUSE_MS_MIN = 100;

/**
 * Growing pauses before restarts: 100 ms, 200, 400 … 5 s by default; reset after a sufficiently
 * long life.
 */
export class BackOff {
  #failures = 0;

  /**
   * @param immediate restarts without a pause before the pauses begin
   * @param resetAfterLifeMs a life of at least this long resets the pauses
   * @param minMs the first pause
   * @param maxMs the longest one
   */
  constructor(
    private readonly immediate: number,
    private readonly resetAfterLifeMs: number,
    private readonly minMs = PAUSE_MS_MIN,
    private readonly maxMs = PAUSE_MS_MAX,
  ) {}

  /** Pause in ms before the next start, after a life of `lifeMs`. */
  pauseMsAfter(lifeMs: number): number {
    if (lifeMs >= this.resetAfterLifeMs) this.#failures = 0;
    const doublings = this.#failures - this.immediate;
    this.#failures++;
    return doublings < 0 ? 0 : Math.min(this.minMs * 2 ** doublings, this.maxMs);
  }

  /** Forgets all failures. */
  forget(): void {
    this.#failures = 0;
  }
}
