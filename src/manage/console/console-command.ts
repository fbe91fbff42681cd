/** Type of a console command: its arguments, its action and its result. */
import type { Maintenance } from "../maintenance.ts";

/** A row of the table of commands. */
export interface ConsoleCommand {
  readonly words: readonly string[];
  readonly synopsis: string;
  readonly summary: string;
  /** Text of its help in addition to the summary. */
  readonly text: string;
  /** It changes or ends something: its words cannot be shortened to one or two letters. */
  readonly isChange: boolean;
  /** It has a document for `| json`. */
  readonly hasDocument: boolean;
  /** @throws MaintenanceError */
  run(
    maintenance: Maintenance,
    settings: ConsoleSettings,
    args: readonly string[],
  ): Promise<CommandResult>;
}

/** Session settings that a command can see and change. */
export interface ConsoleSettings {
  /** Lines per page; 0: no paging. */
  pageLines: number;
  /** Whether there is a terminal at the other end that can receive a file. */
  readonly takesDownloads: boolean;
}

/** Result of a command. */
export interface CommandResult {
  /** The result for a program, if the command has one. */
  readonly document?: unknown;
  readonly lines?: () => readonly string[];
  readonly failure?: { readonly code: string; readonly message: string };
  readonly download?: Download;
  readonly ends?: boolean;
}

/** A file for the terminal at the other end, to be sent by ZMODEM. */
export interface Download {
  readonly name: string;
  readonly content: Uint8Array;
}
