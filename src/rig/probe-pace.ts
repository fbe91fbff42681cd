/**
 * How often the seats call every VIP. One machine plays the whole aircraft, and seats and services
 * run at real-time priority beside the flight loops. So all seats together send at most {@link
 * PROBES_PER_SECOND_MAX}, which takes a good half of one processor. When most real time is used up,
 * the kernel stops every real-time process for 50 ms (sched_rt_runtime_us), flight loops included.
 */
import type { SeatTarget } from "./seat-order.ts";

export const SEAT_COUNT = 2;

const PROBES_PER_SECOND_MAX = 8000;

/** Share of it for the functions that are not measured closely. */
const PROBES_PER_SECOND_ASIDE = 600;

/** While nobody measures, the machine belongs to its user. */
const PROBES_PER_SECOND_RESTING = 2500;

const INTERVAL_MS_MIN = 4;
const INTERVAL_MS_CLOSE = 2;
const INTERVAL_MS_ASIDE = 10;

/**
 * All VIPs alike, or the VIPs of some functions (by index) as often as possible and the others now
 * and then.
 */
export type Pace = "normal" | "resting" | ReadonlySet<number>;

export const NORMAL_PACE: Pace = "normal";

/** Interval between two probes to each target in whole ms. */
export function paceIntervals(
  targets: readonly Pick<SeatTarget, "functionIndex">[],
  pace: Pace,
): number[] {
  if (pace === "normal")
    return targets.map(() => interval(targets.length, PROBES_PER_SECOND_MAX, INTERVAL_MS_MIN));
  if (pace === "resting") {
    return targets.map(() =>
      interval(targets.length, PROBES_PER_SECOND_RESTING, INTERVAL_MS_ASIDE),
    );
  }
  const closeCount = targets.filter(({ functionIndex }) => pace.has(functionIndex)).length;
  const closeMs = interval(
    closeCount,
    PROBES_PER_SECOND_MAX - PROBES_PER_SECOND_ASIDE,
    INTERVAL_MS_CLOSE,
  );
  const asideMs = interval(targets.length - closeCount, PROBES_PER_SECOND_ASIDE, INTERVAL_MS_ASIDE);
  return targets.map(({ functionIndex }) => (pace.has(functionIndex) ? closeMs : asideMs));
}

function interval(targetCount: number, probesPerSecondMax: number, intervalMsMin: number): number {
  return Math.max(intervalMsMin, Math.ceil((targetCount * SEAT_COUNT * 1000) / probesPerSecondMax));
}
