import { assert } from "../assert.ts";
import { HARDWARE_FEEDINGS, WATCHDOG_S_MIN } from "../limits.ts";
import { BackOff, PAUSE_MS_MAX } from "./back-off.ts";
import type { ProcessEnd } from "./process-end.ts";

/** An engine that lived this long has proved itself: it is restarted without a pause. */
export const STABLE_LIFE_MS = 60_000;

/**
 * An engine that let go of everything, because others may have taken over, did its duty: it
 * restarts at once, unless this happens repeatedly.
 */
export const RELEASED_LIFE_MS = 1000;

/**
 * Maximum consecutive engines that end before they are ready, if none was ready before: beyond it
 * something is wrong with this server.
 */
export const FAILED_STARTS_MAX = 3;

/** Time from the start of an engine to its first turn on a busy machine. */
export const START_UP_MS = 2000;

/** Exit code of an engine that let go of everything; only the supervisor sees it. */
export const EXIT_RELEASED = 3;

/**
 * Exit code of a command line or configuration that is wrong (command-line/errors): trying again
 * would not help.
 */
const EXIT_WRONG_INPUT = 2;

assert(
  PAUSE_MS_MAX + START_UP_MS < WATCHDOG_S_MIN * 1000 * (1 - 1 / HARDWARE_FEEDINGS),
  "an engine that died just before it fed the hardware watchdog is replaced in time",
);

/** Decides whether and when an engine that ended unexpectedly is restarted. Pure. */
export class EngineRestarts {
  readonly #backOff = new BackOff(1, STABLE_LIFE_MS);
  #everReady = false;
  #failedStarts = 0;

  /** An engine reported that its start-up is complete. From now on this server never gives up. */
  ready(): void {
    this.#everReady = true;
  }

  /** An engine ended after `lifeMs`. Returns the pause in ms before the next one; null: give up. */
  pauseMsAfter(end: ProcessEnd, lifeMs: number): number | null {
    if (!this.#everReady) {
      this.#failedStarts++;
      if (end.exitCode === EXIT_WRONG_INPUT || this.#failedStarts >= FAILED_STARTS_MAX) return null;
    }
    if (end.exitCode === EXIT_RELEASED && lifeMs >= RELEASED_LIFE_MS) return 0;
    return this.#backOff.pauseMsAfter(lifeMs);
  }
}
