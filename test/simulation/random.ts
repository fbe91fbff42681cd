import { Random as SpreadRandom } from "../allocation/random-system.ts";

/** What decides wherever the simulator has a choice: a seed, or nobody (nominal-world). */
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

/** Random numbers from a seed, integers only: the same seed flies the same way on every machine. */
export class Random extends SpreadRandom implements Chance {
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  perMille(perMille: number): boolean {
    return perMille > 0 && this.below(1000) < perMille;
  }
}

export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
