import { readdirSync } from "node:fs";
import { ESRCH, errno, SystemError } from "./errno.ts";
import { libc, O_CLOEXEC, O_WRONLY } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/**
 * For a process at its start. When the system refuses a setting, the function returns the reason to
 * log, and flight goes on without it.
 */

/** Priority of the flight loop: above all functions, below the kernel's own threads. */
export const FLIGHT_PRIORITY = 50;

/** musl's own sched_setscheduler(3) answers ENOSYS whatever the kernel can do. */
const SYS_SCHED_SETSCHEDULER = { x64: 144, arm64: 119 }[process.arch as "x64" | "arm64"];
const SCHED_FIFO = 1;
/** Threads and children made later start with ordinary scheduling. */
const SCHED_RESET_ON_FORK = 0x4000_0000;

const MCL_CURRENT = 1;
const MCL_FUTURE = 2;
/**
 * Locks pages when they are first touched; otherwise the kernel would fill the gigabytes of address
 * space that the JavaScript engine reserves.
 */
const MCL_ONFAULT = 4;

const PR_SET_PDEATHSIG = 1;
const PR_SET_TIMERSLACK = 29;
const SIGKILL = 9;

const CPU_LATENCY_FILE = "/dev/cpu_dma_latency";

/**
 * Gives this thread real-time `priority` 1–99, above every ordinary one; threads and children made
 * later are ordinary. Returns the reason of a refusal (EPERM: no CAP_SYS_NICE, or a control group
 * without a real-time share), or null.
 */
export function becomeRealtime(priority: number): string | null {
  return refusalOf(schedule(0, SCHED_FIFO | SCHED_RESET_ON_FORK, priority));
}

/**
 * The same for every thread of this process, at `priority` − 1 for all but this one. It waits for
 * locks that the threads of JavaScript's compilers and collector hold: ordinary ones would hold it
 * up for tens of ms on a busy machine. Idle ones end; what this thread starts later, children
 * included, has its own priority.
 */
export function becomeRealtimeWithThreads(priority: number): string | null {
  const refused = schedule(0, SCHED_FIFO, priority);
  if (refused !== 0) return refusalOf(refused);
  for (const name of readdirSync("/proc/self/task")) {
    const thread = Number(name);
    const error = thread === process.pid ? 0 : schedule(thread, SCHED_FIFO, priority - 1);
    if (error !== 0 && error !== ESRCH) return refusalOf(error);
  }
  return null;
}

/** @returns 0 or an errno */
function schedule(thread: number, policy: number, priority: number): number {
  const parameter = new NativeMemory(4); // struct sched_param: i32 priority
  parameter.view.setInt32(0, priority, true);
  const result = libc.syscall(SYS_SCHED_SETSCHEDULER, thread, policy, parameter.address, 0, 0);
  return result < 0 ? errno() : 0;
}

function refusalOf(error: number): string | null {
  return error === 0 ? null : new SystemError("sched_setscheduler", error).message;
}

/**
 * Keeps every touched page in memory: no page fault waits for a disk. Returns the reason of a
 * refusal, or null.
 */
export function lockMemory(): string | null {
  const result = libc.mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  return result < 0 ? new SystemError("mlockall", errno()).message : null;
}

/**
 * Makes the kernel kill this process (SIGKILL) when the thread that started it ends: in `wingman
 * run` that is the main thread, so the process itself. Returns false when the parent `parentPid`
 * was already gone: then end at once. Throws SystemError.
 */
export function dieWithParent(parentPid: number): boolean {
  if (libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
    throw new SystemError("prctl", errno(), "PR_SET_PDEATHSIG");
  // checked after prctl: from here on an ending parent takes us along
  return libc.getppid() === parentPid;
}

/**
 * Sets how late, in ns, the kernel may wake this thread to save wake-ups (default 50,000; real-time
 * threads have none). Throws SystemError.
 */
export function setTimerSlack(slackNs: number): void {
  if (libc.prctl(PR_SET_TIMERSLACK, slackNs, 0, 0, 0) < 0)
    throw new SystemError("prctl", errno(), "PR_SET_TIMERSLACK");
}

/**
 * Keeps the processors out of deep sleep states until this process ends (kernel interface: an open
 * file with a latency of 0 µs in it). Returns the reason of a refusal, or null.
 */
export function keepCpuAwake(): string | null {
  const fd = libc.open(nativeString(CPU_LATENCY_FILE).address, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return new SystemError("open", errno(), CPU_LATENCY_FILE).message;
  const latencyUs = new NativeMemory(4); // i32 0
  if (libc.write(fd, latencyUs.address, 4) === 4) return null;
  const reason = new SystemError("write", errno(), CPU_LATENCY_FILE).message;
  libc.close(fd);
  return reason;
}
