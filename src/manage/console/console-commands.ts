/**
 * The commands of the console. Each is a row: its words, what is typed after them, what it is for,
 * and what it does.
 */
import { alternatives, quoted } from "../../config/problem.ts";
import { bootUs } from "../../io/monotonic-clock.ts";
import { validUtc } from "../../io/valid-utc.ts";
import {
  CONSOLE_LOG_RECORDS_DEFAULT,
  CONSOLE_LOG_RECORDS_MAX,
  CONSOLE_PAGE_LINES,
  CONSOLE_PAGE_LINES_MAX,
} from "../../limits.ts";
import { faultsElsewhere } from "../../supervisor/status-document.ts";
import { type LogReader, type Maintenance, MaintenanceError } from "../maintenance.ts";
import { versionDocument } from "../version-document.ts";
import type { CommandResult, ConsoleCommand, ConsoleSettings } from "./console-command.ts";
import { legsFile } from "./console-legs.ts";
import {
  bookLines,
  dataLoadLines,
  faultLines,
  functionLines,
  groundLines,
  keepAliveLines,
  legLines,
  logLines,
  serverLines,
  storageLines,
  testLines,
  versionLines,
} from "./console-show.ts";
import { downloadName } from "./download-name.ts";

const CONFIRM = "confirm";
/** So many functions or servers are named to choose from. */
const NAMES_MAX = 16;
const LEG_MAX = 0xffff_ffff;
const WITH_JSON = "With | json one document on one line.";

const reading = (
  words: string,
  synopsis: string,
  summary: string,
  text: string,
  show: (maintenance: Maintenance, args: readonly string[]) => CommandResult,
): ConsoleCommand => ({
  ...{ words: words.split(" "), synopsis, summary, text: `${text} ${WITH_JSON}`.trim() },
  ...{ isChange: false, hasDocument: true },
  run: async (maintenance, _settings, args) => show(maintenance, args),
});

/** A row that shows something which takes no arguments. */
const plain = (
  words: string,
  summary: string,
  text: string,
  show: (maintenance: Maintenance) => CommandResult,
): ConsoleCommand =>
  reading(words, "", summary, text, (maintenance, args) => {
    requireNoMore(args, words);
    return show(maintenance);
  });

const changing = (
  words: string,
  synopsis: string,
  summary: string,
  text: string,
  run: ConsoleCommand["run"],
): ConsoleCommand => ({
  words: words.split(" "),
  synopsis,
  summary,
  text,
  isChange: true,
  hasDocument: false,
  run,
});

export const CONSOLE_COMMANDS: readonly ConsoleCommand[] = [
  {
    ...{
      words: ["help"],
      synopsis: "[COMMAND]",
      summary: "commands, or one of them",
      isChange: false,
      hasDocument: false,
    },
    text: "Words may be shortened as long as they are unique. ? after the beginning of a command lists what can follow.",
    run: async () => ({}), // the language itself answers
  },
  plain("show servers", "state of every server, as this one sees it", "", (maintenance) => {
    const { servers } = statusOf(maintenance);
    return { document: servers, lines: () => serverLines(servers) };
  }),
  plain("show functions", "who runs what", "The most important first.", (maintenance) => {
    const { functions } = statusOf(maintenance);
    return { document: functions, lines: () => functionLines(functions) };
  }),
  reading(
    "show faults",
    "[--leg N]",
    "faults of this leg, or of another",
    "HARD: still there at the end of the leg; INTERMITTENT: it went away. Each with its maintenance action. Of other servers what is active there.",
    (maintenance, args) => {
      const { log } = maintenance;
      const { leg } = numbersOf(args, { "--leg": [0, LEG_MAX] }, "show faults");
      const faults = log.faults(leg);
      const elsewhere = leg === undefined ? faultsElsewhere(maintenance.status()) : [];
      const lines = (): string[] => faultLines(faults, leg ?? log.storage().leg, elsewhere);
      return { document: faults, lines };
    },
  ),
  plain("show legs", "flight legs in the log", "Oldest first.", ({ log }) => {
    const legs = log.legs();
    return { document: legs, lines: () => legLines(legs) };
  }),
  reading(
    "show log",
    "[-n N] [--leg N]",
    "newest records of the log",
    `The newest N records, ${CONSOLE_LOG_RECORDS_DEFAULT} unless given and ${CONSOLE_LOG_RECORDS_MAX} at most. ` +
      "Oldest first. The whole log: download log.",
    ({ log }, args) => {
      const limits = { "-n": [1, CONSOLE_LOG_RECORDS_MAX], "--leg": [0, LEG_MAX] } as const;
      const { n = CONSOLE_LOG_RECORDS_DEFAULT, leg } = numbersOf(args, limits, "show log");
      const entries = log.entries({ newest: n, ...(leg === undefined ? {} : { leg }) });
      return { document: entries, lines: () => logLines(entries) };
    },
  ),
  plain("show keepalive", "keep-alives: counts and lateness", "", (maintenance) => {
    const { keepAlive } = statusOf(maintenance);
    return {
      document: keepAlive,
      lines: () => keepAliveLines(keepAlive, maintenance.config.keepAlive),
    };
  }),
  plain("show storage", "the log's file, and what writing has cost", "", ({ log }) => {
    const storage = log.storage();
    return { document: storage, lines: () => storageLines(storage) };
  }),
  plain("show version", "part number, version, commit", "", ({ config, serverId }) => {
    const document = { ...versionDocument(config), server: serverId };
    return { document, lines: () => versionLines(document) };
  }),
  plain(
    "show ground",
    "what the ground input says",
    "What disturbs is done on ground only.",
    (maintenance) => {
      const onGround = maintenance.isOnGround();
      return { document: { onGround }, lines: () => groundLines(onGround) };
    },
  ),
  plain(
    "show dataload",
    "the data load over the network",
    "What is under way: operation, file, per cent, loader; and how the last one ended.",
    (maintenance) => {
      const document = maintenance.dataLoad();
      return { document, lines: () => dataLoadLines(document) };
    },
  ),
  plain("show book", "the contingency book", "", ({ config }) => ({
    document: { policy: config.allocation, book: null },
    lines: () => bookLines(config.allocation),
  })),
  changing(
    "drain",
    `[${CONFIRM}]`,
    "hand all functions to the other servers",
    "It takes no more until resume, whatever restarts. What would stop a function asks for confirm, on ground.",
    async (maintenance, _settings, args) => {
      requireConfirmed(maintenance, "drain", args);
      await maintenance.drain();
      return { lines: () => ["DRAINING; show functions tells what is left"] };
    },
  ),
  changing(
    "resume",
    `[${CONFIRM}]`,
    "take functions again after drain",
    "Functions that failed here are tried again. What would stop another one asks for confirm, on ground.",
    async (maintenance, _settings, args) => {
      requireConfirmed(maintenance, "resume", args);
      await maintenance.resume();
      return {};
    },
  ),
  changing(
    "move",
    `FUNCTION SERVER [${CONFIRM}]`,
    "move a function to another server",
    "Its clients lose it for a moment: without confirm it only says what it would do.",
    async (maintenance, _settings, [functionText, serverText, ...rest]) => {
      const entry = named(functionText, statusOf(maintenance).functions, "function");
      const target = named(serverText, maintenance.config.servers, "server");
      const order = `move ${entry.id} ${target.id}`;
      const isConfirmed = confirmation(rest, order);
      if (entry.owner === target.id)
        throw new MaintenanceError("THERE", `${entry.id} runs on ${target.id} already`);
      if (!isConfirmed) {
        const from = entry.owner === null ? "starts" : `leaves ${entry.owner}`;
        throw unconfirmed(`${entry.id} ${from} and runs on ${target.id}`, order);
      }
      await maintenance.move(entry.id, target.id);
      return {
        lines: () => [`${entry.id} MOVES TO ${target.id}; show functions tells when it runs`],
      };
    },
  ),
  changing(
    "clear faults",
    `[${CONFIRM}]`,
    "end the faults recorded as active",
    "What is still there is recorded again. Without confirm nothing is done.",
    async (maintenance, _settings, args) => {
      if (!confirmation(args, "clear faults")) {
        const active = maintenance.log.faults().filter(({ isActive }) => isActive).length;
        throw unconfirmed(`${active} active faults will be cleared`, "clear faults");
      }
      await maintenance.clearFaults();
      return {};
    },
  ),
  {
    ...{
      words: ["test"],
      synopsis: "",
      summary: "test networks, witnesses, clock and log",
      isChange: false,
      hasDocument: true,
    },
    text: `It disturbs nothing. ERR TEST when something failed. ${WITH_JSON}`,
    run: async (maintenance, _settings, args) => {
      requireNoMore(args, "test");
      const results = await maintenance.builtInTest();
      const failed = results.filter(({ passed }) => !passed).map(({ what }) => what);
      return {
        ...{ document: results, lines: () => testLines(results) },
        ...(failed.length === 0 ? {} : { failure: testFailure(failed, results.length) }),
      };
    },
  },
  changing(
    "download log",
    "",
    "the whole log as a file, by ZMODEM",
    "Start receiving (rz) in the terminal program when it does not do so by itself. Five Ctrl-X break it off.",
    async ({ serverId, log }, settings, args) =>
      download(settings, args, "download log", nameOf(serverId, log, "log.bin"), () => log.image()),
  ),
  changing(
    "download legs",
    "",
    "legs and their faults as CSV, by ZMODEM",
    "The last line is the SHA-256 of all before it.",
    async ({ serverId, log }, settings, args) =>
      download(settings, args, "download legs", nameOf(serverId, log, "legs.csv"), () =>
        legsFile(log),
      ),
  ),
  {
    ...{
      words: ["terminal", "length"],
      synopsis: "N",
      summary: "lines to a page; 0: no pages",
      isChange: false,
      hasDocument: false,
    },
    text: `${CONSOLE_PAGE_LINES} at the beginning of a session. A program that reads the answers sets 0 first.`,
    run: async (_maintenance, settings, [text, ...rest]) => {
      requireNoMore(rest, "terminal length N");
      settings.pageLines = wholeNumber(text, "terminal length", 0, CONSOLE_PAGE_LINES_MAX);
      return {};
    },
  },
  changing(
    "exit",
    "",
    "end the session",
    "Ctrl-D in an empty line does the same.",
    async (_maintenance, _settings, args) => {
      requireNoMore(args, "exit");
      return { ends: true };
    },
  ),
];

function statusOf(maintenance: Maintenance) {
  const status = maintenance.status();
  if (status === null)
    throw new MaintenanceError(
      "ENGINE",
      "found no state of this server, expected a running engine",
    );
  return status;
}

function nameOf(serverId: string, log: LogReader, content: string): string {
  return downloadName(serverId, log.storage().leg, content, validUtc(Date.now()), bootUs());
}

function download(
  settings: ConsoleSettings,
  args: readonly string[],
  command: string,
  name: string,
  content: () => Uint8Array,
): CommandResult {
  requireNoMore(args, command);
  if (!settings.takesDownloads) {
    throw new MaintenanceError(
      "LINE",
      "found no terminal, expected one that can receive by ZMODEM",
    );
  }
  return { download: { name, content: content() } };
}

function testFailure(failed: readonly string[], count: number) {
  return {
    code: "TEST",
    message: `${failed.length} of ${count} tests failed: ${failed.join(", ")}`,
  };
}

function requireNoMore(args: readonly string[], command: string): void {
  const [extra] = args;
  if (extra !== undefined)
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(extra)} after ${command}, expected no more`,
    );
}

function confirmation(args: readonly string[], command: string): boolean {
  const [word, ...more] = args;
  if (word === undefined) return false;
  if (word.toLowerCase() !== CONFIRM) {
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(word)} after ${command}, expected ${CONFIRM} or nothing`,
    );
  }
  requireNoMore(more, `${command} ${CONFIRM}`);
  return true;
}

/** What would stop a function is done when it is confirmed, and on ground. */
function requireConfirmed(
  maintenance: Maintenance,
  action: "drain" | "resume",
  args: readonly string[],
): void {
  const isConfirmed = confirmation(args, action);
  if (isConfirmed) return;
  statusOf(maintenance);
  const stops = maintenance.stops(action);
  if (stops !== "") throw unconfirmed(`it ${stops}`, action);
}

function unconfirmed(consequence: string, command: string): MaintenanceError {
  return new MaintenanceError(
    "CONFIRM",
    `${consequence}; if that is wanted: ${command} ${CONFIRM}`,
  );
}

/**
 * Names to choose from; of many only some: a list of a thousand takes half a minute at 9600 baud.
 */
function some(ids: readonly string[]): string {
  const more = ids.length - NAMES_MAX;
  return more <= 0
    ? alternatives(ids)
    : `${ids.slice(0, NAMES_MAX).join(", ")} or one of ${more} more`;
}

/** The entry whose identifier is `text`, or the only one whose identifier begins with it. */
function named<Entry extends { readonly id: string }>(
  text: string | undefined,
  entries: readonly Entry[],
  what: string,
): Entry {
  const ids = entries.map(({ id }) => id);
  if (text === undefined)
    throw new MaintenanceError("SYNTAX", `found nothing, expected a ${what}: ${some(ids)}`);
  const wanted = text.toLowerCase();
  const beginning = entries.filter(({ id }) => id.startsWith(wanted));
  const matching = entries.filter(({ id }) => id === wanted).concat(beginning);
  const [entry] = matching;
  if (entry === undefined) {
    throw new MaintenanceError(
      "UNKNOWN",
      `found ${quoted(text)}, expected a ${what}: ${some(ids)}`,
    );
  }
  if (entry.id !== wanted && beginning.length > 1) {
    const found = some(beginning.map(({ id }) => id));
    throw new MaintenanceError("AMBIGUOUS", `found ${quoted(text)}, expected ${found}`);
  }
  return entry;
}

/** The values of options that each take a whole number, by their names without dashes. */
function numbersOf<
  const Limits extends Readonly<Record<string, readonly [min: number, max: number]>>,
>(args: readonly string[], limits: Limits, command: string): { n?: number; leg?: number } {
  const values: Record<string, number> = {};
  for (let at = 0; at < args.length; at += 2) {
    const option = args[at] ?? "";
    const range = Object.hasOwn(limits, option) ? limits[option] : undefined;
    const name = option.replace(/^-+/, "");
    if (range === undefined || Object.hasOwn(values, name)) {
      const known = alternatives(Object.keys(limits));
      throw new MaintenanceError(
        "SYNTAX",
        `found ${quoted(option)} after ${command}, expected ${known}, each once`,
      );
    }
    values[name] = wholeNumber(args[at + 1], option, range[0], range[1]);
  }
  return values;
}

function wholeNumber(text: string | undefined, after: string, min: number, max: number): number {
  const value = Number(text);
  if (text !== undefined && /^\d{1,10}$/.test(text) && value >= min && value <= max) return value;
  const found = text === undefined ? "nothing" : quoted(text);
  throw new MaintenanceError(
    "SYNTAX",
    `found ${found} after ${after}, expected a whole number from ${min} to ${max}`,
  );
}
