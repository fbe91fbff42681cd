/** The supervisor collects what falls to it: see io/orphans. */
import { adoptOrphans, collectOrphans } from "../io/orphans.ts";

/** At most so many ended processes wait as the functions leave behind in that time. */
const COLLECT_MS = 250;

/** Processes that this program started itself and has not collected yet: the runtime does. */
const own = new Set<number>();

/** Has to be called for every process that is started, before anything else is waited for. */
export function noteOwnChild(child: Bun.Subprocess): void {
  own.add(child.pid);
  void child.exited.finally(() => own.delete(child.pid));
}

/** From now on orphans are collected. Returns how to end that. */
export function beginCollection(): () => void {
  adoptOrphans();
  const timer = setInterval(() => collectOrphans((pid) => own.has(pid)), COLLECT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
