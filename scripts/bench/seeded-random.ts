/**
 * Reproducible random numbers: Marsaglia's 32-bit xorshift (13, 17, 5), good enough to scatter
 * phases and tables.
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

  /** From 1 to 2³² − 1. */
  protected next(): number {
    let value = this.state >>> 0;
    value ^= value << 13;
    value ^= value >>> 17;
    value ^= value << 5;
    this.state = value >>> 0 || 1;
    return this.state;
  }
}
