/**
 * The one place from which tests, benchmarks and soak send a signal to a process by its number. For
 * kill(2) 0 means the sender's own process group, the runner and npm included, and -1 means
 * everybody: a number that was searched for and not found must never get there. For a child of
 * one's own, prefer its object (`child.kill`), which knows whether it still runs.
 */
import { isRunning } from "./processes.ts";

/**
 * Sends `name` to one process.
 *
 * @throws Error when `pid` is not the number of a process that runs now.
 */
export function signal(pid: number, name: NodeJS.Signals): void {
  requireProcessId(pid, name);
  if (!isRunning(pid)) throw new Error(`${name}: found ${pid}, which is no running process`);
  process.kill(pid, name);
}

/**
 * Sends `name` to each of some processes that were found a moment ago. One that has ended meanwhile
 * is no error.
 *
 * @throws Error when one of them is no number of a process, before any is signalled.
 */
export function signalAll(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) requireProcessId(pid, name);
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function requireProcessId(pid: number, name: NodeJS.Signals): void {
  if (Number.isSafeInteger(pid) && pid > 1) return;
  throw new Error(`${name}: found ${pid}, expected the number of a process, above 1`);
}
