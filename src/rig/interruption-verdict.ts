/**
 * Conclusions of the acceptance procedure from several consecutive power interruptions that the
 * seats observed. Pure: reports in, reports and numbers out.
 */
import type { SeatReport, SeatTarget } from "./seat-order.ts";

/**
 * The seat's observations after `fromUs` and until `untilUs`. A gap belongs to the period in which
 * it ended; one without an end, to the last period, until Infinity.
 */
export function windowOf(report: SeatReport, fromUs: number, untilUs: number): SeatReport {
  const isInside = (us: number): boolean => us > fromUs && us <= untilUs;
  return {
    ...report,
    notices: report.notices.filter(({ atUs }) => isInside(atUs)),
    targets: report.targets.map((target) => ({
      ...target,
      changes: target.changes.filter(({ atUs }) => isInside(atUs)),
      overlaps: target.overlaps.filter(({ atUs }) => isInside(atUs)),
      gaps: target.gaps.filter(({ endUs }) => isInside(endUs ?? Number.POSITIVE_INFINITY)),
    })),
  };
}

/**
 * Places of the targets, of these functions, without an answer yet to a probe sent after that time.
 */
export function unansweredSince(
  report: SeatReport,
  targets: readonly Pick<SeatTarget, "functionIndex">[],
  functions: ReadonlySet<number>,
  sinceUs: number,
): number[] {
  return targets.flatMap(({ functionIndex }, target) => {
    const newestUs = report.targets[target]?.newestAnsweredUs ?? 0;
    return functions.has(functionIndex) && newestUs <= sinceUs ? [target] : [];
  });
}

/** What happened to VIPs other than coming back once. */
export interface Relapses {
  /** Places of the targets that were never interrupted. */
  unnoticed: number[];
  /** Places of the targets that changed their server or process more than once. */
  moved: number[];
  /** The longest gap after the first, in ms, and its target. */
  gapMs: number;
  gapTarget: number;
}

/**
 * One interruption is one change to a new process and one gap. Everything beyond that is reported,
 * for the functions `functions`.
 */
export function furtherChangesOf(
  report: SeatReport,
  targets: readonly Pick<SeatTarget, "functionIndex">[],
  functions: ReadonlySet<number>,
): Relapses {
  const relapses: Relapses = { unnoticed: [], moved: [], gapMs: 0, gapTarget: -1 };
  for (const [target, { functionIndex }] of targets.entries()) {
    const seen = report.targets[target];
    if (seen === undefined || !functions.has(functionIndex)) continue;
    if (seen.gaps.length === 0) relapses.unnoticed.push(target);
    if (seen.changes.length > 1) relapses.moved.push(target);
    for (const { startUs, endUs } of seen.gaps.slice(1)) {
      const gapMs = endUs === null ? Number.POSITIVE_INFINITY : (endUs - startUs) / 1000;
      if (gapMs <= relapses.gapMs) continue;
      relapses.gapMs = gapMs;
      relapses.gapTarget = target;
    }
  }
  return relapses;
}
