/**
 * Conclusions of the acceptance procedure from the reports of servers and seats. Pure: numbers and
 * names in, numbers and names out.
 */
import type { SeatReport, SeatTarget } from "./seat-order.ts";
import type { ServerView } from "./status-file.ts";

/** Server of each function by their identifiers; null for a function that runs nowhere. */
export type Owners = Record<string, string | null>;

export interface Names {
  servers: readonly string[];
  functions: readonly string[];
}

export interface Statistic {
  count: number;
  min: number;
  median: number;
  max: number;
}

/**
 * Null for no values. The median of an even number of values is the upper of the two middle ones.
 */
export function statisticOf(values: readonly number[]): Statistic | null {
  const sorted = [...values].sort((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  const median = sorted[sorted.length >> 1];
  if (min === undefined || max === undefined || median === undefined) return null;
  return { count: sorted.length, min, median, max };
}

/** Longest time in ms that the VIP was without an answer; 0 for none, Infinity when it still is. */
export function longestGapMs(report: SeatReport, target: number): number {
  let longestMs = 0;
  for (const gap of report.targets[target]?.gaps ?? []) {
    const lengthMs =
      gap.endUs === null ? Number.POSITIVE_INFINITY : (gap.endUs - gap.startUs) / 1000;
    longestMs = Math.max(longestMs, lengthMs);
  }
  return longestMs;
}

/** Longest gap in ms of every VIP of these functions, with the VIP's number among the targets. */
export function gapsOf(
  report: SeatReport,
  targets: readonly Pick<SeatTarget, "functionIndex">[],
  functions: ReadonlySet<number>,
): { target: number; gapMs: number }[] {
  return targets.flatMap(({ functionIndex }, target) =>
    functions.has(functionIndex) ? [{ target, gapMs: longestGapMs(report, target) }] : [],
  );
}

/**
 * Combined statement of the serving servers: the owners, and the functions on which they disagree
 * (with null as owner).
 */
export function agreedOwners(
  views: readonly ServerView[],
  names: Names,
): { owners: Owners; disagreed: string[] } {
  const owners: Owners = {};
  const disagreed: string[] = [];
  names.functions.forEach((id, index) => {
    const said = new Set(views.map((view) => view.functions[index]?.owner ?? -1));
    if (said.size > 1) disagreed.push(id);
    const [owner = -1] = said;
    owners[id] = said.size === 1 ? (names.servers[owner] ?? null) : null;
  });
  return { owners, disagreed };
}

export interface OwnerChanges {
  /** Ran before and runs now, on another server. */
  moved: string[];
  /** Ran before and runs nowhere now. */
  stopped: string[];
  /** Ran nowhere before. */
  started: string[];
  /** Runs where it ran before. */
  kept: string[];
}

export function changesBetween(before: Owners, after: Owners): OwnerChanges {
  const changes: OwnerChanges = { moved: [], stopped: [], started: [], kept: [] };
  for (const [id, to] of Object.entries(after)) {
    const from = before[id] ?? null;
    if (from === null && to === null) continue;
    if (from === null) changes.started.push(id);
    else if (to === null) changes.stopped.push(id);
    else (from === to ? changes.kept : changes.moved).push(id);
  }
  return changes;
}

/** `moved: tv; stopped: map; 3 stay where they run` */
export function changesText({ moved, stopped, started, kept }: OwnerChanges): string {
  const parts = [
    ...Object.entries({ moved, stopped, started })
      .filter(([, ids]) => ids.length > 0)
      .map(([what, ids]) => `${what}: ${ids.join(", ")}`),
    ...(kept.length === 0
      ? []
      : [kept.length === 1 ? "1 stays where it runs" : `${kept.length} stay where they run`]),
  ];
  return parts.length === 0 ? "nothing runs" : parts.join("; ");
}

/** Functions whose owners differ, as `id: X instead of Y`. */
export function ownerDifferences(measured: Owners, expected: Owners): string[] {
  return Object.entries(expected).flatMap(([id, owner]) => {
    const found = measured[id] ?? null;
    return found === owner ? [] : [`${id}: ${found ?? "nowhere"} instead of ${owner ?? "nowhere"}`];
  });
}

/** Functions for which the seat received no notice of this kind. */
export function missingNotices(
  report: SeatReport,
  functions: ReadonlyMap<string, number>,
  kind: number,
): string[] {
  return [...functions].flatMap(([id, index]) =>
    noticesUs(report, index, kind).length === 0 ? [id] : [],
  );
}

/**
 * Functions that went silent before the seat received the notice, as `id: 3.0 ms after the last
 * answer`. The last answer counts at the time when it was asked for, so a notice may be up to
 * `intervalMs` later, when the next probe was due.
 */
export function lateNotices(
  report: SeatReport,
  targets: readonly SeatTarget[],
  functions: ReadonlyMap<string, number>,
  kind: number,
  intervalMs: number,
): string[] {
  return [...functions].flatMap(([id, index]) => {
    const firstUs = Math.min(...noticesUs(report, index, kind));
    const latenessMs = targets.flatMap(({ functionIndex }, number) => {
      const openGap = report.targets[number]?.gaps.find((gap) => gap.endUs === null);
      return functionIndex === index && openGap !== undefined
        ? [(firstUs - openGap.startUs) / 1000]
        : [];
    });
    const latestMs = Math.max(...latenessMs);
    return Number.isFinite(latestMs) && latestMs > intervalMs
      ? [`${id}: ${formatMs(latestMs)} ms after the last answer`]
      : [];
  });
}

function noticesUs(report: SeatReport, functionIndex: number, kind: number): number[] {
  return report.notices
    .filter((notice) => notice.kind === kind && notice.functionIndex === functionIndex)
    .map(({ atUs }) => atUs);
}

export function formatMs(value: number): string {
  return Number.isFinite(value) ? value.toFixed(1) : "unended";
}

/** `min 1.0, median 2.0, max 3.0 ms (12 VIPs)`. */
export function formatStatistic(statistic: Statistic | null): string {
  if (statistic === null) return "no VIP";
  const { count, min, median, max } = statistic;
  return `min ${formatMs(min)}, median ${formatMs(median)}, max ${formatMs(max)} ms (${count} VIP${count === 1 ? "" : "s"})`;
}

/** A list for people; `none` when it is empty. */
export function listed(ids: readonly string[]): string {
  return ids.length === 0 ? "none" : ids.join(", ");
}
