/** The executable `wingman`: from the command line to a command and its exit code. */

import { writeFileSync } from "node:fs";
import { CommandError, EXIT_FAILED, UsageError } from "./command-line/errors.ts";
import { leaveWithTheReader } from "./command-line/reader.ts";
import { COMMANDS, commandSummaries, PUBLIC_COMMANDS } from "./commands/catalogue.ts";
import { nearestName } from "./config/nearest.ts";
import { quoted } from "./config/problem.ts";

type Command = (args: string[]) => Promise<number>;

/**
 * Each is loaded when it is called: the engine must not wait for, nor hold in memory, what it does
 * not use.
 */
const LOADERS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import("./commands/run.ts")).run,
  check: async () => (await import("./commands/check.ts")).check,
  plan: async () => (await import("./commands/plan.ts")).plan,
  status: async () => (await import("./commands/status.ts")).status,
  drain: async () => (await import("./commands/drain.ts")).drain,
  resume: async () => (await import("./commands/resume.ts")).resume,
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
  watch: async () => (await import("./commands/watch.ts")).watch,
  renew: async () => (await import("./commands/renew.ts")).renew,
  reserve: async () => (await import("./commands/reserve.ts")).reserve,
  launch: async () => (await import("./commands/launch.ts")).launch,
};

/** Processes that must outlive whoever reads their output, and that leave stdout alone. */
const ROLES = ["run", "engine", "manage", "disk", "renew", "watch", "launch"];

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
  else leaveWithTheReader();
  const load = LOADERS[name];
  if (load === undefined) throw new UsageError(unknownCommand(name));
  const command = await load();
  return command(args);
}

/** What is started by the name of a descriptor has that for its name in `ps` and `top`. */
function nameProcess(): void {
  if (!import.meta.url.includes("/$bunfs/")) return;
  try {
    writeFileSync("/proc/self/comm", "wingman");
  } catch {} // a container may forbid it: nothing goes by the name
}

function unknownCommand(name: string): string {
  const names = PUBLIC_COMMANDS.map((command) => command.name);
  const nearest = nearestName(name, names);
  const hint =
    nearest === null ? `expected one of ${names.join(", ")}` : `did you mean ${nearest}?`;
  return `unknown command ${quoted(name)}; ${hint}`;
}

try {
  // Not process.exit: that cuts off output which a pipe has not taken yet.
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the system refused is told in one line, too; by its name, because importing it would load
  // libc for every command.
  const isRefusal = error instanceof Error && error.name === "SystemError";
  if (!(error instanceof CommandError) && !isRefusal) throw error;
  console.error(`wingman: ${error.message}`);
  process.exitCode = error instanceof CommandError ? error.exitCode : EXIT_FAILED;
}
