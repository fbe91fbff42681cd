/** The supervisor collects orphans: see io/orphans. */
import { adoptOrphans, collectOrphans } from "../io/orphans.ts";

/** Interval of collecting: this bounds the number of ended processes that wait. */
const COLLECT_MS = 250;

/** Processes that this program started itself; the runtime has not collected them yet. */
const own = new Set<number>();

/** Must be called for every started process, before anything else is awaited. */
export function noteOwnChild(child: Bun.Subprocess): void {
  own.add(child.pid);
  void child.exited.finally(() => own.delete(child.pid));
}

/** Starts collecting orphans. Returns a function that ends it. */
export function beginCollection(): () => void {
  adoptOrphans();
  const timer = setInterval(() => collectOrphans((pid) => own.has(pid)), COLLECT_MS);
  timer.unref();
  return () => clearInterval(timer);
}
