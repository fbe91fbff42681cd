/** The executable `wingman`: from the command line to a command and its exit code. */

import { writeFileSync } from "node:fs";
import { CommandError, EXIT_FAILED, UsageError } from "./command-line/errors.ts";
import { exitWithReader } from "./command-line/reader.ts";
import { COMMANDS, commandSummaries, PUBLIC_COMMANDS } from "./commands/command-list.ts";
import { nearestName } from "./config/nearest.ts";
import { quoted } from "./config/problem.ts";

type Command = (args: string[]) => Promise<number>;

/**
 * Each is loaded on demand: the engine must neither wait for code that it does not use, nor keep it
 * in memory.
 */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  check: async () => (await import("./commands/check.ts")).check,
  plan: async () => (await import("./commands/plan.ts")).plan,
  status: async () => (await import("./commands/status.ts")).status,
  drain: async () => (await import("./commands/drain.ts")).drain,
  resume: async () => (await import("./commands/resume.ts")).resume,
  capacity: async () => (await import("./commands/capacity.ts")).capacity,
  hold: async () => (await import("./commands/hold.ts")).hold,
  rebalance: async () => (await import("./commands/rebalance.ts")).rebalance,
  console: async () => (await import("./commands/console.ts")).console,
  log: async () => (await import("./commands/log.ts")).log,
  part: async () => (await import("./commands/part.ts")).part,
  health: async () => (await import("./commands/health.ts")).health,
  adopt: async () => (await import("./commands/adopt.ts")).adopt,
  version: async () => (await import("./commands/version.ts")).version,
  help: async () => (await import("./commands/help.ts")).help,
  engine: async () => (await import("./commands/engine.ts")).engine,
  manage: async () => (await import("./commands/manage.ts")).manage,
  disk: async () => (await import("./commands/disk.ts")).disk,
  take: async () => (await import("./commands/take.ts")).take,
  watch: async () => (await import("./commands/watch.ts")).watch,
  renew: async () => (await import("./commands/renew.ts")).renew,
  reserve: async () => (await import("./commands/reserve.ts")).reserve,
  launch: async () => (await import("./commands/launch.ts")).launch,
};

/** Processes that must survive their output's reader, and do not use stdout. */
const ROLES = ["run", "engine", "manage", "disk", "take", "renew", "watch", "launch"];

async function main(args: string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === undefined) {
    throw new UsageError(
      `expected a command\n\n${commandSummaries()}\n\n'wingman help' shows the manual.`,
    );
  }
  if (first === "--help" || first === "-h") return run("help", rest);
  if (first === "--version" || first === "-V") return run("version", rest);
  if (!COMMANDS.some(({ name }) => name === first)) throw new UsageError(unknownCommand(first));
  const end = rest.indexOf("--");
  const options = end < 0 ? rest : rest.slice(0, end);
  if (first !== "help" && (options.includes("--help") || options.includes("-h")))
    return run("help", [first]);
  return run(first, rest);
}

async function run(name: string, args: string[]): Promise<number> {
  if (ROLES.includes(name)) nameProcess();
  else exitWithReader();
  const load = LOADERS[name];
  if (load === undefined) throw new UsageError(unknownCommand(name));
  const command = await load();
  return command(args);
}

/** A program started through a descriptor has the descriptor as its name in `ps` and `top`. */
function nameProcess(): void {
  if (!import.meta.url.includes("/$bunfs/")) return;
  try {
    writeFileSync("/proc/self/comm", "wingman");
  } catch {} // a container may forbid it: nothing depends on the name
}

function unknownCommand(name: string): string {
  const names = PUBLIC_COMMANDS.map((command) => command.name);
  const nearest = nearestName(name, names);
  const hint =
    nearest === null ? `expected one of ${names.join(", ")}` : `did you mean ${nearest}?`;
  return `unknown command ${quoted(name)}; ${hint}`;
}

try {
  // Not process.exit: that truncates output which a pipe has not accepted yet.
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // A refusal of the system also takes one line; it is recognised by its name, because importing
  // the class would load libc for every command.
  const isRefusal = error instanceof Error && error.name === "SystemError";
  if (!(error instanceof CommandError) && !isRefusal) throw error;
  console.error(`wingman: ${error.message}`);
  process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_FAILED;
}
