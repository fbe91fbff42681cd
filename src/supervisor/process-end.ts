import { constants } from "node:os";

/** How one of our processes ended; both null when it could not be started. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: string | null;
}

/** For people: `SIGKILL`, `exit code 3`, `not started`. */
export function endText(end: ProcessEnd): string {
  if (end.signal !== null) return end.signal;
  return end.exitCode === null ? "not started" : `exit code ${end.exitCode}`;
}

/**
 * For the maintenance log: the exit code, the negative signal number, or -1000 when it did not
 * start.
 */
export function endNumber(end: ProcessEnd): number {
  if (end.signal !== null) return -(constants.signals[end.signal as NodeJS.Signals] ?? 999);
  return end.exitCode ?? -1000;
}
