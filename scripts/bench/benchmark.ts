/** What a benchmark is given and what it reports. */

import type { SeededRandom } from "../../test/harness/seeded-random.ts";
import type { CleanUp } from "./clean-up.ts";

export interface Benchmark {
  name: string;
  /** What is measured, and how, in one line. */
  title: string;
  measure(context: BenchContext): Promise<Report>;
}

export interface BenchContext {
  /** Trials of each system that the user asked for; null: the benchmark's own number. */
  trials: number | null;
  random: SeededRandom;
  cleanUp: CleanUp;
  /** Directory for everything that the run writes; removed in the end. */
  directory: string;
  /** Path of the flight executable; builds it when first asked. Throws RuntimeError. */
  wingman(): Promise<string>;
  /** Another flight executable to compare with, null when none was named. */
  peer: string | null;
  /** Says on stderr what is going on. */
  progress(text: string): void;
}

/** What one system reached, in the unit of its figure; one value for each trial. */
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
 * What the product is to reach. Printed, and never the exit code: that tells only whether it could
 * be measured.
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
