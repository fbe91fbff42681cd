/**
 * For tests: the options of a command, asked from the command itself. It refuses an unknown one and
 * lists the known ones.
 */
import { spyOn } from "bun:test";
import { UsageError } from "../../src/command-line/errors.ts";
import { commandLine } from "../../src/rig/command-line.ts";

const NO_OPTION = "--zzzzzzzzzzzzzzzz";
/** Subcommands that take options of their own. */
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  part: ["verify", "install", "activate", "good", "rollback", "boot", "status"],
  log: ["", "replay"],
};

const namesIn = (message: string): string[] =>
  /it takes (--.*)$/m.exec(message)?.[1]?.split(" ") ?? [];

/** Of `wingman COMMAND`, or of one of its subcommands; with dashes. */
export async function optionsOf(command: string, subcommand = ""): Promise<string[]> {
  const module = await import(`../../src/commands/${command}.ts`);
  const call = module[command] as (args: string[]) => Promise<number>;
  const asked = [...(subcommand === "" ? [] : [subcommand]), NO_OPTION];
  try {
    await call(asked);
  } catch (error) {
    if (error instanceof UsageError) return namesIn(error.message);
    throw error;
  }
  throw new Error(`${command} takes ${NO_OPTION}`);
}

/** Of `wingman COMMAND` and all its subcommands. */
export async function allOptionsOf(command: string): Promise<string[]> {
  const parts = SUBCOMMANDS[command] ?? [""];
  const options = await Promise.all(parts.map((name) => optionsOf(command, name)));
  return [...new Set(options.flat())];
}

/** Of `wingman-rig`, or of `wingman-rig SUBCOMMAND`; without --help, which each takes. */
export async function rigOptionsOf(subcommand: string): Promise<string[]> {
  const error = spyOn(console, "error").mockImplementation(() => {});
  try {
    await commandLine([...(subcommand === "" ? [] : [subcommand]), NO_OPTION]);
    return namesIn(error.mock.calls.flat().join("\n"));
  } finally {
    error.mockRestore();
  }
}
