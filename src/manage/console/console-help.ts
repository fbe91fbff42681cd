import { paragraph } from "../../command-line/paragraph.ts";
import { CONSOLE_COLUMNS } from "../../limits.ts";
import type { ConsoleCommand } from "./console-command.ts";

const SYNOPSIS_COLUMNS = 34;

/** One line per command. */
export function commandList(commands: readonly ConsoleCommand[]): string[] {
  return commands.map((command) => `${usage(command).padEnd(SYNOPSIS_COLUMNS)} ${command.summary}`);
}

/** The whole help for one command. */
export function commandHelp(command: ConsoleCommand): string[] {
  return [
    usage(command),
    ...paragraph(`${command.summary}. ${command.text}`.trim(), "  ").split("\n"),
  ];
}

function usage({ words, synopsis }: ConsoleCommand): string {
  return [...words, synopsis].join(" ").trim().slice(0, CONSOLE_COLUMNS);
}
