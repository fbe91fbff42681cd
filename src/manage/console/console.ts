/**
 * The command language of the serial console and of `wingman console`: a line in, the text of an
 * answer out. It knows neither tty, echo nor paging, and decides nothing about the aircraft: {@link
 * Maintenance} decides what is permitted when.
 */
import { alternatives, quoted } from "../../config/problem.ts";
import { CONSOLE_LINE_MAX } from "../../limits.ts";
import { type Maintenance, MaintenanceError } from "../maintenance.ts";
import type { ConsoleCommand, ConsoleSettings, Download } from "./console-command.ts";
import { CONSOLE_COMMANDS } from "./console-commands.ts";
import { commandHelp, commandList } from "./console-help.ts";
import { jsonLine, printable } from "./console-table.ts";

export interface Answer {
  /** Printable ASCII; table rows are at most 80 columns wide. */
  readonly lines: readonly string[];
  /**
   * null when it was done, and the answer ends with `OK`; otherwise the code after `ERR`, and the
   * last line describes the error.
   */
  readonly error: string | null;
  /** Shown without paging: it is for a program. */
  readonly isWhole: boolean;
  /** Sent before the OK. */
  readonly download: Download | null;
  /** Whether the session ends here. */
  readonly ends: boolean;
}

/**
 * Minimum letters of a word that changes something or ends the session: sooner or later line noise
 * types `r` and Enter.
 */
const CHANGE_LETTERS_MIN = 3;

const DONE: Answer = { lines: [], error: null, isWhole: false, download: null, ends: false };

/**
 * The answer to one line. Never throws: a failed command has an answer with `error`.
 * @param isCut the line was longer than CONSOLE_LINE_MAX: nothing is done
 */
export async function answerTo(
  line: string,
  maintenance: Maintenance,
  settings: ConsoleSettings,
  isCut = false,
): Promise<Answer> {
  try {
    if (isCut)
      throw new MaintenanceError(
        "LENGTH",
        `found a longer line, expected at most ${CONSOLE_LINE_MAX} characters`,
      );
    return await answer(line, maintenance, settings);
  } catch (error) {
    const code = error instanceof MaintenanceError ? error.code : "INTERNAL";
    const message = error instanceof Error ? error.message : String(error);
    // The table of a failed command precedes the line with the error.
    const table = error instanceof FailedAnswer ? error.table : [];
    return { ...DONE, lines: [...table, message].map(printable), error: printable(code) };
  }
}

/** A failure with a table: that of a built-in test. */
export class FailedAnswer extends MaintenanceError {
  constructor(
    code: string,
    message: string,
    readonly table: readonly string[],
  ) {
    super(code, message);
  }
}

async function answer(
  line: string,
  maintenance: Maintenance,
  settings: ConsoleSettings,
): Promise<Answer> {
  const [command = "", ...filters] = line.split("|");
  const words = wordsOf(command);
  if (words.length === 0 && filters.length === 0) return DONE;
  if (command.trimEnd().endsWith("?")) return { ...DONE, lines: continuations(command) };
  const wantsJson = filters.length > 0;
  requireJson(filters);
  const { entry, rest } = resolve(words);
  if (wantsJson && !entry.hasDocument) {
    throw new MaintenanceError(
      "SYNTAX",
      `found | json after ${entry.words.join(" ")}, expected it after show or test`,
    );
  }
  if (entry.words[0] === "help") return { ...DONE, lines: help(rest) };
  const result = await entry.run(maintenance, settings, rest);
  const lines = wantsJson ? [jsonLine(result.document)] : (result.lines?.() ?? []).map(printable);
  if (result.failure !== undefined)
    throw new FailedAnswer(result.failure.code, result.failure.message, lines);
  const { download = null, ends = false } = result;
  return { lines, error: null, isWhole: wantsJson, download, ends };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function requireJson(filters: readonly string[]): void {
  const [filter, ...more] = filters.map((text) => text.trim().toLowerCase());
  if (filter === undefined || (more.length === 0 && filter !== "" && "json".startsWith(filter)))
    return;
  throw new MaintenanceError(
    "SYNTAX",
    `found ${quoted(`| ${filters.join("|").trim()}`)}, expected | json`,
  );
}

/** The command named by `words`, each whole or abbreviated, and the words after it. */
function resolve(words: readonly string[]): { entry: ConsoleCommand; rest: string[] } {
  let candidates: readonly ConsoleCommand[] = CONSOLE_COMMANDS;
  for (let place = 0; ; place++) {
    const complete = candidates.find((candidate) => candidate.words.length === place);
    if (complete !== undefined) return { entry: complete, rest: words.slice(place) };
    const names = [...new Set(candidates.map((candidate) => candidate.words[place] ?? ""))];
    const name = nameOf(words[place], names, words.slice(0, place).join(" "));
    candidates = candidates.filter((candidate) => candidate.words[place] === name);
    const typed = words[place] ?? "";
    if (
      typed.length < CHANGE_LETTERS_MIN &&
      typed.length < name.length &&
      candidates.every(({ isChange }) => isChange)
    ) {
      throw new MaintenanceError(
        "SYNTAX",
        `found ${quoted(typed)}, expected at least ${CHANGE_LETTERS_MIN} letters of ${name}`,
      );
    }
  }
}

/** The one of `names` that a word stands for. */
function nameOf(word: string | undefined, names: readonly string[], before: string): string {
  const after = before === "" ? "" : ` after ${before}`;
  if (word === undefined)
    throw new MaintenanceError("SYNTAX", `found nothing${after}, expected ${alternatives(names)}`);
  const typed = word.toLowerCase();
  const matching = names.includes(typed) ? [typed] : names.filter((name) => name.startsWith(typed));
  const [name] = matching;
  if (name === undefined) {
    const expected = before === "" ? "a command; ? lists them" : alternatives(names);
    throw new MaintenanceError("SYNTAX", `found ${quoted(word)}${after}, expected ${expected}`);
  }
  if (matching.length > 1) {
    throw new MaintenanceError(
      "AMBIGUOUS",
      `found ${quoted(word)}${after}, expected ${alternatives(matching)}`,
    );
  }
  return name;
}

function beginningWith(words: readonly string[]): ConsoleCommand[] {
  return CONSOLE_COMMANDS.filter((command) =>
    words.every(
      (word, place) =>
        place >= command.words.length || command.words[place]?.startsWith(word.toLowerCase()),
    ),
  );
}

/** Possible continuations of the words before a question mark. */
function continuations(text: string): string[] {
  const words = wordsOf(text.trimEnd().slice(0, -1));
  const commands = beginningWith(words);
  if (commands.length === 0) {
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(words.join(" "))}, expected a command; ? lists them`,
    );
  }
  return commandList(commands);
}

function help(words: readonly string[]): string[] {
  if (words.length === 0) return commandList(CONSOLE_COMMANDS);
  const named = beginningWith(words);
  const exact = named.filter(
    (command) => command.words.join(" ") === words.join(" ").toLowerCase(),
  );
  const [only, ...more] = exact.length > 0 ? exact : named;
  if (only === undefined) {
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(words.join(" "))}, expected a command; help lists them`,
    );
  }
  return more.length > 0 ? commandList(named) : commandHelp(only);
}
