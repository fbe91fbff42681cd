/**
 * Reproducible random numbers: Marsaglia's 32-bit xorshift (13, 17, 5), integers only, so that one
 * seed gives the same on every machine. Good enough to scatter phases, tables and faults.
 */
export class SeededRandom {
  private state: number;

  constructor(readonly seed: number) {
    this.state = (seed >>> 0) + 1; // never 0, which would stay 0
    for (let warm = 0; warm < 8; warm++) this.next();
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * limit);
  }

  /**
   * A whole number from `low` to `high`, both included; a bias of some millionths does not matter
   * here.
   */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1));
  }

  oneIn(n: number): boolean {
    return this.between(1, n) === 1;
  }

  /** True in `perMille` of 1,000 cases. */
  perMille(perMille: number): boolean {
    return perMille > 0 && this.below(1000) < perMille;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** From 1 to 2³² − 1. */
  private next(): number {
    let value = this.state >>> 0;
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
    this.state = value >>> 0 || 1;
    return this.state;
  }
}

/** The same for tests that count their seeds up: seeds that follow each other are spread first. */
export class Random extends SeededRandom {
  constructor(seed: number) {
    super((Math.imul(seed, 0x9e3779b1) || 1) - 1);
  }
}
