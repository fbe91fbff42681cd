import type { ProcessSettings } from "../config/model.ts";
import { EPERM, errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { applySettings, type Refusal } from "./process-settings.ts";
import { dieWithParent } from "./realtime.ts";

/** Same number on all architectures. Called directly: older C libraries have no wrapper. */
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
const DESCRIPTOR_MAX = 0xffff_ffff;
const STDERR = 2;

const SIGNAL_MAX = 64;
/** struct sigaction of libc: handler (0 = default, 1 = ignored), mask, flags, restorer. */
const SIGACTION_BYTES = 152;
const SIG_IGN = 1;
const SIG_SETMASK = 2;
const SIGSET_BYTES = 128;

/** The parent ended before its child had tied itself to it. */
const ESRCH = 3;

/**
 * Turns this fresh process into a function's program: `command[0]` is its path (PATH is not
 * searched).
 *
 * The program gets its own session and process group, so that it can be stopped as a whole. It dies
 * with the thread of `parentPid` that started this process (SIGKILL; the kernel drops this for
 * set-user-id programs). Every signal has its default action and none is blocked; only descriptors
 * 0, 1 and 2 are open. The JavaScript runtime had changed all of these for itself.
 *
 * The runtime has also raised the soft limit of open files to the hard one. The old value is
 * unknown: `settings` provide one.
 *
 * Does not return on success. Otherwise returns what was refused, with its errno (ENOENT, EACCES,
 * …; ESRCH: the parent is gone). The process can then still report on descriptor 2 or any other
 * open one, but should end.
 */
export function launch(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  parentPid: number,
  settings: ProcessSettings | null = null,
): Refusal {
  const cannot = (what: string, code: number): Refusal => ({ what, errno: code });
  // A session leader (by a shell's job control or a detached spawn) is refused, and has what we
  // want.
  if (libc.setsid() < 0) {
    const refused = errno();
    if (refused !== EPERM || libc.getsid(0) !== libc.getpid())
      return cannot("lead a session", refused);
  }
  const refusal = settings === null ? null : applySettings(settings);
  if (refusal !== null) return refusal;
  // Not earlier: a process that changes its user loses this setting (prctl(2)).
  if (!dieWithParent(parentPid)) return cannot("tie itself to its parent", ESRCH);
  resetSignals();
  // Not closed at once: if the program cannot be executed, this process still needs its
  // descriptors.
  if (libc.syscall(SYS_CLOSE_RANGE, STDERR + 1, DESCRIPTOR_MAX, CLOSE_RANGE_CLOEXEC, 0, 0) < 0)
    return cannot("close descriptors", errno());
  return cannot(`execute ${command[0]}`, execute(command, environment));
}

/**
 * Turns this process into the program at `file`, with `command[0]` as its name. Does not return on
 * success, otherwise returns the errno.
 */
export function execute(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  file = command[0],
): number {
  const path = nativeString(file);
  const argumentList = stringList(command);
  const environmentList = stringList(assignments(environment));
  libc.execve(path.address, argumentList.address, environmentList.address);
  return errno();
}

/**
 * An execve resets signals with a handler to their default action; ignored ones (SIGPIPE here)
 * would stay ignored, and blocked ones blocked.
 */
function resetSignals(): void {
  const current = new NativeMemory(SIGACTION_BYTES);
  const standard = new NativeMemory(SIGACTION_BYTES); // all zero: SIG_DFL
  for (let signal = 1; signal <= SIGNAL_MAX; signal++) {
    // Fails for the two signals that libc reserves for itself and never ignores.
    if (libc.sigaction(signal, 0, current.address) < 0) continue;
    if (current.view.getUint32(0, true) === SIG_IGN && current.view.getUint32(4, true) === 0) {
      libc.sigaction(signal, standard.address, 0);
    }
  }
  const none = new NativeMemory(SIGSET_BYTES);
  libc.sigprocmask(SIG_SETMASK, none.address, 0);
}

function assignments(environment: Readonly<Record<string, string | undefined>>): string[] {
  const list: string[] = [];
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined) list.push(`${name}=${value}`);
  }
  return list;
}

/** char *const[]: pointers to the strings, then NULL. */
function stringList(strings: readonly string[]): NativeMemory {
  const list = new NativeMemory((strings.length + 1) * 8);
  for (const [index, text] of strings.entries()) list.setPointer(index * 8, 0, nativeString(text));
  return list;
}
