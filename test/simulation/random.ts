import { Random as SpreadRandom } from "../allocation/random-system.ts";

/** Random numbers from a seed, integers only: the same seed flies the same way on every machine. */
export class Random extends SpreadRandom {
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** True in `perMille` of 1,000 cases. */
  perMille(perMille: number): boolean {
    return perMille > 0 && this.below(1000) < perMille;
  }
}

export function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}
