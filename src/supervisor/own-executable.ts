import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Search path when the environment has none. */
const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The executable of this process, even if its file was removed or replaced in flight (proc(5)): it
 * is still the build that flies.
 */
export const RUNNING_EXECUTABLE = "/proc/self/exe";

const isCompiled = import.meta.url.includes("/$bunfs/");

/**
 * Command to start this program in another role: the executable itself, or the interpreter and
 * main.ts when it runs from source.
 */
export function ownCommand(): string[] {
  return isCompiled
    ? [RUNNING_EXECUTABLE]
    : [process.execPath, fileURLToPath(new URL("../main.ts", import.meta.url))];
}

/**
 * File name by which this process was started, links unresolved: the next start will look there.
 * Null when it runs from source.
 */
export function ownFile(
  [name = ""] = readFileSync("/proc/self/cmdline", "utf8").split("\0"),
  path = process.env.PATH || PATH_DEFAULT,
): string | null {
  if (!isCompiled) return null;
  if (name.includes("/")) return resolve(name);
  const found = path.split(":").map((directory) => resolve(directory, name));
  return found.find(isSelf) ?? process.execPath;
}

function isSelf(file: string): boolean {
  const named = statSync(file, { throwIfNoEntry: false });
  const own = statSync(RUNNING_EXECUTABLE);
  return named?.dev === own.dev && named.ino === own.ino;
}

/**
 * The environment of everything the supervisor starts. Not the supervisor's own: children
 * would obey its BUN_OPTIONS, BUN_BE_BUN and NODE_OPTIONS, down to running foreign code. A compiled
 * executable does, too.
 */
export function cleanEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { PATH: process.env.PATH || PATH_DEFAULT, ...more };
}

/**
 * Compilers of a process with a real-time thread: without the last one, which takes a processor for
 * tens of ms. The others have a thread each, which is real-time, too (becomeRealtimeWithThreads);
 * more would take all processors from everything that is not.
 */
export const REALTIME_COMPILERS: Readonly<Record<string, string>> = {
  BUN_JSC_useFTLJIT: "0",
  BUN_JSC_numberOfBaselineCompilerThreads: "1",
  BUN_JSC_numberOfDFGCompilerThreads: "1",
};
