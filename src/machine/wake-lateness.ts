/** How late this machine wakes a process that waits like the flight loop. */
import { nowUs } from "../io/monotonic-clock.ts";
import { Poller } from "../io/poller.ts";
import { becomeRealtime, FLIGHT_PRIORITY, setTimerSlack } from "../io/realtime.ts";

/** Shorter than the shortest period, so that a second yields some hundred samples. */
const PERIOD_US = 5_000;

export interface WakeLateness {
  readonly wakes: number;
  /** µs after the requested time. */
  readonly medianUs: number;
  readonly maxUs: number;
  /** Why the system refuses real-time scheduling; null when the measurement used it. */
  readonly refusal: string | null;
}

/** Takes `durationMs`; afterwards this process stays real-time. Throws SystemError. */
export function measureWakes(durationMs: number): WakeLateness {
  const refusal = becomeRealtime(FLIGHT_PRIORITY);
  setTimerSlack(1);
  const poller = new Poller();
  const late: number[] = [];
  const endUs = nowUs() + durationMs * 1000;
  for (let dueUs = nowUs() + PERIOD_US; dueUs < endUs; dueUs += PERIOD_US) {
    while (nowUs() < dueUs) poller.wait(dueUs);
    late.push(nowUs() - dueUs);
  }
  late.sort((one, other) => one - other);
  return {
    wakes: late.length,
    medianUs: late[late.length >> 1] ?? 0,
    maxUs: late.at(-1) ?? 0,
    refusal,
  };
}
