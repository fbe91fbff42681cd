import { fileURLToPath } from "node:url";

/** Where programs are looked for when the environment does not say. */
const PATH_DEFAULT = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * How to start this program again in another role: the executable itself, or the interpreter and
 * main.ts when it runs from source.
 */
export function ownCommand(): string[] {
  const compiled = import.meta.url.includes("/$bunfs/");
  return compiled
    ? [process.execPath]
    : [process.execPath, fileURLToPath(new URL("../main.ts", import.meta.url))];
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
