/** Process groups of Linux: every function's process leads one of its own. */
import { assert } from "../assert.ts";
import { isRunning, processIds, processStat } from "./process-stat.ts";

/** Interval of checking whether a killed group is gone. Usually one is enough. */
const GONE_CHECK_MS = 5;
/** The same for a group that does not go. */
const STAYS_CHECK_MS = 500;

/** A killed group that still exists after this long hangs in the kernel: nobody waits longer. */
const GONE_MS_MAX = 5000;

/**
 * Kills a group until nothing of it is left.
 * @param groupId 0 when there is none, and nothing to kill
 * @param onStays called once when it cannot be signalled, or hangs; checking goes on
 * @param onGone told whether it had stayed
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
    if (stays) timer.unref(); // an unstoppable group does not keep this process alive
  };
  kill();
}

/**
 * Sends `signal` to every process of the group. It is no error if the group is already gone.
 * @returns false when the kernel refused it for all of them (EPERM: they became another user, and
 * this process lacks CAP_KILL)
 */
export function signalGroup(groupId: number, signal: NodeJS.Signals): boolean {
  assert(groupId > 1, "0 and 1 stand for our own group and for everybody (kill(2))");
  return mayBeSignalled(-groupId, signal);
}

/** The same for one process. */
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
