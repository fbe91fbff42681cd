/** Process groups of Linux: every function's process leads one of its own. */
import { assert } from "../assert.ts";
import { isRunning, processIds, processStat } from "./process-stat.ts";

/** Sends `signal` to every process of the group. A group that is gone already is no error. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  assert(groupId > 1, "0 and 1 stand for our own group and for everybody (kill(2))");
  signalIfAlive(-groupId, signal);
}

/** Sends `signal` to one process. A process that is gone already is no error. */
export function signalProcess(processId: number, signal: NodeJS.Signals): void {
  assert(processId > 1, "0 and 1 stand for our own group and for process 1");
  signalIfAlive(processId, signal);
}

function signalIfAlive(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Whether a process of the group still runs. Zombies do not count: where process 1 does not collect
 * its orphans (some containers) they stay for ever.
 */
export function groupIsAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return processIds().some((pid) => {
    const stat = processStat(pid);
    return stat?.group === groupId && isRunning(stat);
  });
}
