import { constants } from "node:os";

/** How a process of our own ended; neither: it could not be started. */
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
 * For the maintenance log: the exit code, the number of the signal below zero, or -1000 for one
 * that did not start.
 */
export function endNumber(end: ProcessEnd): number {
  if (end.signal !== null) return -(constants.signals[end.signal as NodeJS.Signals] ?? 999);
  return end.exitCode ?? -1000;
}
