/** Input and output of a benchmark. */

import type { SeededRandom } from "../../test/harness/seeded-random.ts";
import type { CleanUp } from "./clean-up.ts";

export interface Benchmark {
  name: string;
  /** Subject and method, in one line. */
  title: string;
  measure(context: BenchContext): Promise<Report>;
}

export interface BenchContext {
  /** Trials of each system requested by the user; null for the benchmark's own number. */
  trials: number | null;
  random: SeededRandom;
  cleanUp: CleanUp;
  /** Directory for all files of the run; removed at the end. */
  directory: string;
  /** Path of the flight executable; builds it on first use. Throws RuntimeError. */
  wingman(): Promise<string>;
  /** Another flight executable to compare with, null when none was named. */
  peer: string | null;
  /** Reports progress on stderr. */
  progress(text: string): void;
}

/** Results of one system in the unit of its figure; one value per trial. */
export interface Series {
  system: string;
  values: number[];
}

/** One quantity. The first series is Wingman's; the others are compared with it. */
export interface Figure {
  label: string;
  unit: string;
  series: Series[];
}

/**
 * The product's target. It is printed, but does not change the exit code, which only tells whether
 * measuring was possible.
 */
export interface Limit {
  text: string;
  limit: number;
  measured: number;
  unit: string;
}

export interface Report {
  figures: Figure[];
  limits: Limit[];
  notes: string[];
  /** Parts that could not be measured, each with its reason. */
  skipped: string[];
}
