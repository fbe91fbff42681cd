import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** Where programs are looked for when the environment does not say. */
const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The executable that this process runs, whatever has become of the file that it was started from
 * (proc(5)): removed or replaced in flight, it is still the build that flies.
 */
export const RUNNING_EXECUTABLE = "/proc/self/exe";

const isCompiled = import.meta.url.includes("/$bunfs/");

/**
 * How to start this program again in another role: the executable itself, or the interpreter and
 * main.ts when it runs from source.
 */
export function ownCommand(): string[] {
  return isCompiled
    ? [RUNNING_EXECUTABLE]
    : [process.execPath, fileURLToPath(new URL("../main.ts", import.meta.url))];
}

/**
 * The file by whose name this process was started, links as they were written: what the next start
 * will find there. null: it runs from source.
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
 * The environment of everything the supervisor starts. Not the supervisor's own: BUN_OPTIONS,
 * BUN_BE_BUN and NODE_OPTIONS would be obeyed by the children, down to running foreign code
 * (runtime facts, trap 12).
 */
export function cleanEnvironment(
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { PATH: process.env.PATH || PATH_DEFAULT, ...more };
}
