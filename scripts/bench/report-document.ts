/** Reports for programs: the same figures, with every value. */
import type { Benchmark, Figure, Report } from "./benchmark.ts";
import { isMet } from "./report-text.ts";
import { ratioOf, summaryOf } from "./statistics.ts";

export function reportDocument(benchmark: Benchmark, report: Report, loadAverage: number[]) {
  return {
    name: benchmark.name,
    title: benchmark.title,
    figures: report.figures.map(figureDocument),
    limits: report.limits.map((limit) => ({ ...limit, met: isMet(limit) })),
    notes: report.notes,
    skipped: report.skipped,
    loadAverage,
  };
}

function figureDocument({ label, unit, series }: Figure) {
  const ours = series[0]?.values ?? [];
  return {
    label,
    unit,
    series: series.map(({ system, values }, place) => ({
      system,
      ...summaryOf(values),
      /** Wingman's median divided by this one's; null for Wingman itself. */
      ratio: place === 0 ? null : ratioOf(ours, values),
      values,
    })),
  };
}
