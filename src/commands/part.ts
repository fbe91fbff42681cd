/** `wingman part`: loadable parts, by subcommand. */
import { UsageError } from "../command-line/errors.ts";
import { nearestName } from "../config/nearest.ts";
import { alternatives, quoted } from "../config/problem.ts";
import { install } from "./part-install.ts";
import { activate, boot, good, rollback, status } from "./part-slots.ts";
import { verify } from "./part-verify.ts";

type Subcommand = (args: string[]) => Promise<number>;

/** Each is given the arguments after its name. */
const SUBCOMMANDS: Readonly<Record<string, Subcommand>> = {
  verify,
  install,
  activate,
  good,
  rollback,
  boot,
  status,
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
