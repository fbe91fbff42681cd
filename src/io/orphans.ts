/**
 * Processes that lost their parent and become children of this one, because it is process 1 of a
 * container or asked for them (PR_SET_CHILD_SUBREAPER). Nobody else collects them, and an
 * uncollected one holds its process number for ever.
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

/** struct siginfo_t; the process id of an ended child is at 16. */
const SIGINFO_BYTES = 128;
const SIGINFO_PID_AT = 16;
const info = new NativeMemory(SIGINFO_BYTES);

/** Makes orphans among this process's descendants its children, instead of those of process 1. */
export function adoptOrphans(): void {
  libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); // known since Linux 3.4
}

/**
 * Collects ended children that nobody waits for. A child that the runtime started is left to it;
 * until the runtime has collected it, children behind it are not visible either.
 *
 * @param isOwn whether the runtime started the process and will collect it
 * @returns number of collected processes
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
