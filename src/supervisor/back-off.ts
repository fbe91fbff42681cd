/** The longest pause before something that keeps failing is started again. */
export const PAUSE_MS_MAX = 5000;

/** The first real pause; each one after it is twice as long. */
export const PAUSE_MS_MIN = 100;

/**
 * The growing pause before a restart: 100 ms, 200, 400 … 5 s unless said otherwise, forgotten after
 * a life that was long enough.
 */
export class BackOff {
  #failures = 0;

  /**
   * @param immediate restarts without any pause before the pauses begin
   * @param resetAfterLifeMs what lived at least this long has proved itself: the pauses begin anew
   * @param minMs the first real pause
   * @param maxMs the longest one
   */
  constructor(
    private readonly immediate: number,
    private readonly resetAfterLifeMs: number,
    private readonly minMs = PAUSE_MS_MIN,
    private readonly maxMs = PAUSE_MS_MAX,
  ) {}

  /** The pause in ms before the next start of what has just ended after a life of `lifeMs`. */
  pauseMsAfter(lifeMs: number): number {
    if (lifeMs >= this.resetAfterLifeMs) this.#failures = 0;
    const doublings = this.#failures - this.immediate;
    this.#failures++;
    return doublings < 0 ? 0 : Math.min(this.minMs * 2 ** doublings, this.maxMs);
  }

  /** As if it had never failed. */
  forget(): void {
    this.#failures = 0;
  }
}
