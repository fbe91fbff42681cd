import type { ProcessSettings } from "../config/model.ts";
import { EPERM, errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { type Refusal, takeOn } from "./process-settings.ts";
import { dieWithParent } from "./realtime.ts";

/** The same on all architectures. Called directly: older C libraries have no wrapper. */
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

/** The parent had ended before its child was ready to end with it. */
const ESRCH = 3;

/**
 * Turns this process, a fresh one, into a function's program: `command[0]` is its path (there is no
 * search through PATH).
 *
 * The program gets a session and process group of its own, so that all of it can be stopped as one;
 * dies with the thread of `parentPid` that started this process (SIGKILL; the kernel forgets that
 * for set-user-id programs); has the default action for every signal, none blocked, and no
 * descriptor but 0, 1 and 2. The JavaScript runtime had changed all of these for itself.
 *
 * The runtime has raised the soft limit of open files to the hard one, too, and what it was before
 * is not known: `settings` have one.
 *
 * Does not return when it works. Otherwise returns what was refused, with its errno (ENOENT,
 * EACCES, …; ESRCH: the parent is gone), and the process can still report it on descriptor 2, or on
 * any other that it has open, but should end.
 */
export function launch(
  command: readonly [string, ...string[]],
  environment: Readonly<Record<string, string | undefined>>,
  parentPid: number,
  settings: ProcessSettings | null = null,
): Refusal {
  const cannot = (what: string, code: number): Refusal => ({ what, errno: code });
  // Who leads its session already (a shell's job control, a detached spawn) is refused, and has
  // what we want.
  if (libc.setsid() < 0) {
    const refused = errno();
    if (refused !== EPERM || libc.getsid(0) !== libc.getpid())
      return cannot("lead a session", refused);
  }
  const refusal = settings === null ? null : takeOn(settings);
  if (refusal !== null) return refusal;
  // Not before: who becomes another user no longer dies with its parent (prctl(2)).
  if (!dieWithParent(parentPid)) return cannot("die with the parent", ESRCH);
  resetSignals();
  // Not closed at once: if the program cannot be executed, this process still needs its own.
  if (libc.syscall(SYS_CLOSE_RANGE, STDERR + 1, DESCRIPTOR_MAX, CLOSE_RANGE_CLOEXEC, 0, 0) < 0)
    return cannot("close descriptors", errno());
  return cannot(`execute ${command[0]}`, execute(command, environment));
}

/**
 * Turns this process into the program at `file`, which knows itself as `command[0]`. Does not
 * return when it works, else returns the errno.
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
 * Signals with a handler get their default action from execve; ignored ones (SIGPIPE here) would
 * stay ignored, and blocked ones blocked.
 */
function resetSignals(): void {
  const current = new NativeMemory(SIGACTION_BYTES);
  const standard = new NativeMemory(SIGACTION_BYTES); // all zero: SIG_DFL
  for (let signal = 1; signal <= SIGNAL_MAX; signal++) {
    // Fails for the two signals that libc keeps for itself, which it never ignores.
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
