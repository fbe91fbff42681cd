/** Output format of the console: tables, times and names in ASCII, at most 80 columns wide. */
import { CONSOLE_COLUMNS } from "../../limits.ts";

/** Longest cell that is never shortened in a table that is too wide. */
const CELL_MIN = 8;
const GAP = 2;

/**
 * Columns as wide as their widest cell, two spaces apart. A table that is wider than the screen
 * repeatedly shortens its widest column; a shortened cell ends with `..`.
 * @param right indexes of right-aligned columns: numbers
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? "").length)),
  );
  const total = (): number => widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1));
  while (total() > CONSOLE_COLUMNS && Math.max(...widths) > CELL_MIN) {
    const widest = widths.indexOf(Math.max(...widths));
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = clip(cell, width);
        return right.includes(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join(" ".repeat(GAP))
      .trimEnd(),
  );
}

/** `NAME            value`, one per line. */
export function namedValues(values: readonly (readonly [name: string, value: string])[]): string[] {
  const width = Math.max(...values.map(([name]) => name.length)) + GAP;
  return values.map(([name, value]) => `${name.padEnd(width)}${value}`);
}

/** `text` within `width` characters; a shortened one ends with `..`. */
export function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 2)}..`;
}

/**
 * `2026-11-26 02:20:31`; without valid time `BOOT+` and seconds since the machine was switched on.
 */
export function timeText({ utcMs, bootUs }: { utcMs: number | null; bootUs: number }): string {
  return utcMs === null ? `BOOT+${(bootUs / 1_000_000).toFixed(3)} s` : utcText(utcMs);
}

export function utcText(utcMs: number | null): string {
  return utcMs === null ? "-" : new Date(utcMs).toISOString().slice(0, 19).replace("T", " ");
}

/**
 * No text, wherever it comes from, can control the terminal: everything but printable ASCII becomes
 * a question mark.
 */
export function printable(text: string): string {
  return text.replaceAll("\u00b5", "u").replace(/[^ -~]/g, "?");
}

/**
 * JSON in ASCII on one line, so that a program finds it between the echo of the command and its OK.
 */
export function jsonLine(document: unknown): string {
  return JSON.stringify(document).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
