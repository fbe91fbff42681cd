/** What a command of the console is: what it is given, what it does, and what comes of it. */
import type { Maintenance } from "../maintenance.ts";

/** A row of the table of commands. */
export interface ConsoleCommand {
  readonly words: readonly string[];
  readonly synopsis: string;
  readonly summary: string;
  /** What help says beside the summary. */
  readonly text: string;
  /** It changes something or ends something: its words are not shortened to one or two letters. */
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

/** What a command can see and change of the session that it is typed in. */
export interface ConsoleSettings {
  /** Lines to a page; 0: no pages. */
  pageLines: number;
  /** There is a terminal at the other end that may take a file. */
  readonly takesDownloads: boolean;
}

/** What a command has done. */
export interface CommandResult {
  /** The same for a program, of a command that has one. */
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
