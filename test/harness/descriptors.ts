/**
 * Open descriptors of this process. The runtime closes descriptors of its own at any time, when
 * garbage is collected; so a leak shows by new descriptors, not by their number.
 */
import { readdirSync, readlinkSync } from "node:fs";

/** Open descriptors, each with its target, such as `12 socket:[4711]`. */
export function descriptors(): ReadonlySet<string> {
  const open = new Set<string>();
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      open.add(`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`);
    } catch {} // that of this very listing
  }
  return open;
}

/** Those that are open now and were not `before`. */
export function opened(before: ReadonlySet<string>): string[] {
  return [...descriptors()].filter((open) => !before.has(open));
}
