/** Reports for people: one table for each benchmark. */
import type { Benchmark, Figure, Limit, Report } from "./benchmark.ts";
import { ratioOf, summaryOf } from "./statistics.ts";

const HEADINGS = [
  "",
  "system",
  "trials",
  "min",
  "median",
  "max",
  "unit",
  "wingman / peer",
] as const;
const TEXT_COLUMNS: ReadonlySet<number> = new Set([0, 1, 6]);

export function reportText(benchmark: Benchmark, report: Report): string {
  const rows = report.figures.flatMap(figureRows);
  const table = rows.length === 0 ? [] : alignedLines([[...HEADINGS], ...rows]);
  return [
    `${benchmark.name}: ${benchmark.title}`,
    ...table,
    ...report.limits.map(limitLine),
    ...report.notes.map((note) => `note: ${note}`),
    ...report.skipped.map((reason) => `skipped: ${reason}`),
    "",
  ].join("\n");
}

function figureRows({ label, unit, series }: Figure): string[][] {
  return series.map(({ system, values }, place) => {
    const { min, median, max, count } = summaryOf(values);
    const ratio = place === 0 ? null : ratioOf(series[0]?.values ?? [], values);
    const numbers = [min, median, max].map(numberText);
    return [
      place === 0 ? label : "",
      system,
      String(count),
      ...numbers,
      unit,
      ratio === null ? "" : ratio.toFixed(2),
    ];
  });
}

/** Three or four digits: no figure here is better than that. */
function numberText(value: number): string {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 1 ? 1 : 3);
}

function limitLine({ text, limit, measured, unit }: Limit): string {
  const verdict = isMet({ limit, measured }) ? "met" : "NOT MET";
  return `limit: ${text}: at most ${limit} ${unit}, measured ${measured.toFixed(1)} ${unit}: ${verdict}`;
}

export function isMet({ limit, measured }: Pick<Limit, "limit" | "measured">): boolean {
  return measured <= limit;
}

function alignedLines(rows: readonly string[][]): string[] {
  const widths = HEADINGS.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] as string).length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] as number;
        return TEXT_COLUMNS.has(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
