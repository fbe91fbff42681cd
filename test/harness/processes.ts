import {
  isRunning as isRunningNow,
  processIds,
  processStat,
} from "../../src/supervisor/process-stat.ts";

/** Whether a process runs; one that has ended and that nobody has collected yet does not. */
export function isRunning(pid: number): boolean {
  return isRunningNow(processStat(pid));
}

/** A process, those that it has started, and so on. */
export function familyOf(pid: number): number[] {
  const parents = processIds().map((id) => [id, processStat(id)?.parent] as const);
  const found = [pid];
  for (const member of found)
    found.push(...parents.filter(([, parent]) => parent === member).map(([child]) => child));
  return found;
}
