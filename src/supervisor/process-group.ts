/** Process groups of Linux: every function's process leads one of its own. */
import { assert } from "../assert.ts";
import { isRunning, processIds, processStat } from "./process-stat.ts";

/**
 * Sends `signal` to every process of the group. A group that is gone already is no error.
 * @returns false when the kernel refused it for every one of them (EPERM: they became another user,
 * and this process lacks CAP_KILL)
 */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  assert(groupId > 1, "0 and 1 stand for our own group and for everybody (kill(2))");
  return mayBeSignalled(-groupId, signal);
}

/** Likewise to one process. */
export function signalProcess(processId: number, signal: NodeJS.Signals): boolean {
  assert(processId > 1, "0 and 1 stand for our own group and for process 1");
  return mayBeSignalled(processId, signal);
}

function mayBeSignalled(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EPERM") return false;
    if (code !== "ESRCH") throw error;
  }
  return true;
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
