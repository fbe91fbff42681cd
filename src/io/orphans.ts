/**
 * Processes that have lost their parent and fall to this one: because it is process 1 of a
 * container, or because it asked for them (PR_SET_CHILD_SUBREAPER). Nobody else collects them, and
 * each that is not collected holds a process number for ever.
 */
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const PR_SET_CHILD_SUBREAPER = 36;

// waitid(2)
const P_ALL = 0;
const P_PID = 1;
const WNOHANG = 1;
const WEXITED = 4;
const WNOWAIT = 0x0100_0000;

/** struct siginfo_t; the process id of an ended child stands at 16. */
const SIGINFO_BYTES = 128;
const SIGINFO_PID_AT = 16;
const info = new NativeMemory(SIGINFO_BYTES);

/** Orphans among this process's descendants fall to it, not to process 1. */
export function adoptOrphans(): void {
  libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); // known since Linux 3.4
}

/**
 * Collects children that have ended and that nobody waits for. One that the runtime started is left
 * to it: while it has not collected that one, nothing behind it is seen either.
 *
 * @param isOwn a process that the runtime started, and will collect
 * @returns how many were collected
 */
export function collectOrphans(isOwn: (pid: number) => boolean): number {
  for (let collected = 0; ; collected++) {
    info.bytes.fill(0);
    if (libc.waitid(P_ALL, 0, info.address, WEXITED | WNOHANG | WNOWAIT) < 0) return collected;
    const pid = info.view.getInt32(SIGINFO_PID_AT, true);
    if (pid === 0 || isOwn(pid)) return collected;
    libc.waitid(P_PID, pid, info.address, WEXITED | WNOHANG);
  }
}
