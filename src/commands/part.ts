/** `wingman part`: loadable parts, by subcommand. */
import { RuntimeError, UsageError } from "../command-line/errors.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { verify } from "./part-verify.ts";

type Subcommand = (args: string[]) => Promise<number>;

/** Each is given the arguments after its name. */
const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  verify,
  install: notYet("install"),
  activate: notYet("activate"),
  status: notYet("status"),
};

/** @throws UsageError, InputFileError, RuntimeError */
export async function part(args: string[]): Promise<number> {
  const [name, ...rest] = args;
  const names = Object.keys(SUBCOMMANDS);
  if (name === undefined) throw new UsageError(`part: expected ${alternatives(names)}`);
  const subcommand = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (subcommand !== undefined) return subcommand(rest);
  const nearest = nearestName(name, names);
  const hint = nearest === null ? `expected ${alternatives(names)}` : `did you mean ${nearest}?`;
  throw new UsageError(`part: found ${quoted(name)}; ${hint}`);
}

/** The place of a subcommand that this release does not have. */
function notYet(name: string): Subcommand {
  return async () => {
    throw new RuntimeError(`part ${name}: not available in this release`);
  };
}
