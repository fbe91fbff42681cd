import { Random as SeededRandom } from "../harness/seeded-random.ts";

/** The source of the simulator's choices: a seed, or none (nominal-world). */
export interface Chance {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  oneIn(n: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** True in `perMille` of 1,000 cases. */
  perMille(perMille: number): boolean;
}

export class Random extends SeededRandom implements Chance {}

export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
