/** Process groups of Linux: every function's process leads one of its own. */
import { assert } from "../assert.ts";
import { isRunning, processIds, processStat } from "./process-stat.ts";

/** How often a killed group is looked for. A killed process is usually gone within one. */
const GONE_CHECK_MS = 5;
/** Likewise of one that does not go. */
const STAYS_CHECK_MS = 500;

/** A killed group that is still there after this long hangs in the kernel: nobody waits longer. */
const GONE_MS_MAX = 5000;

/**
 * Kills a group until nothing of it is left.
 * @param groupId 0: there is none, and nothing to kill
 * @param onStays once, when it cannot be signalled, or hangs; it is looked for all the same
 * @param onGone whether it had stayed
 */
export function endGroup(
  groupId: number,
  isGone: () => boolean,
  onStays: (isRefused: boolean) => void,
  onGone: (hasStayed: boolean) => void,
): void {
  const beganMs = performance.now();
  let stays = false;
  const kill = (): void => {
    const isRefused = groupId !== 0 && !signalGroup(groupId, "SIGKILL");
    const look = (): void => {
      if (isGone()) {
        onGone(stays);
        return;
      }
      const hangs = isRefused || performance.now() - beganMs >= GONE_MS_MAX;
      if (hangs && !stays) {
        stays = true;
        onStays(isRefused);
      }
      kill();
    };
    const timer = setTimeout(look, stays ? STAYS_CHECK_MS : GONE_CHECK_MS);
    if (stays) timer.unref(); // what cannot be stopped keeps nobody
  };
  kill();
}

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
