/**
 * The commands of the console. Each row has its words, its arguments, its purpose and its action.
 */
import { bookOf } from "../../book/book.ts";
import { situationOf } from "../../config/foresight.ts";
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
import { named, numbersOf, wholeNumber } from "./console-arguments.ts";
import { bookLines, bookSummary, reaction, reactionLines } from "./console-book.ts";
import type { CommandResult, ConsoleCommand, ConsoleSettings } from "./console-command.ts";
import { CONFIRM, confirmation, requireNoMore, unconfirmed } from "./console-confirmation.ts";
import { drainedLine } from "./console-drain.ts";
import { CAPACITY, HOLD } from "./console-inputs.ts";
import { legsFile } from "./console-legs.ts";
import { REBALANCE } from "./console-rebalance.ts";
import {
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

/** A row for a command that shows something and takes no arguments. */
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
    "HARD: still active at the end of the leg; INTERMITTENT: it went away. Each has its maintenance action. Functions that no other server could take are one entry. Active faults of other servers are listed, too.",
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
      const entries = log.entries({
        ...{ newest: n, withoutParts: true },
        ...(leg === undefined ? {} : { leg }),
      });
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
    "state of the ground input",
    "Disturbing actions are allowed on ground only.",
    (maintenance) => {
      const onGround = maintenance.isOnGround();
      return { document: { onGround }, lines: () => groundLines(onGround) };
    },
  ),
  plain(
    "show dataload",
    "the data load over the network",
    "The current operation with its file, per cent and loader, and the result of the last one.",
    (maintenance) => {
      const document = maintenance.dataLoad();
      return { document, lines: () => dataLoadLines(document) };
    },
  ),
  reading(
    "show book",
    "[SERVER ...]",
    "effect of each failure now",
    "With servers: the effect if these fail now at the same time, or if one that is down comes back.",
    (maintenance, args) => {
      const { config } = maintenance;
      const situation = situationOf(statusOf(maintenance));
      const servers = args
        .flatMap((text) => text.split("+"))
        .map((text) => named(text, config.servers, "server").id);
      if (servers.length === 0) {
        const book = bookOf(config, config.allocation, situation);
        return { document: bookSummary(book), lines: () => bookLines(book) };
      }
      const { start, entry } = reaction(config, situation, servers);
      return { document: entry, lines: () => reactionLines(start, entry) };
    },
  ),
  changing(
    "drain",
    `[${CONFIRM}]`,
    "hand all functions to the other servers",
    "It takes no functions until resume, even after restarts. If a function would stop, confirm is needed, on ground. The answer comes when the server is empty, or after 5 s.",
    async (maintenance, _settings, args) => {
      requireConfirmed(maintenance, "drain", args);
      const line = await drainedLine(maintenance);
      return { lines: () => [line] };
    },
  ),
  changing(
    "resume",
    `[${CONFIRM}]`,
    "take functions again after drain",
    "Functions that failed here are retried. If another function would stop, confirm is needed, on ground.",
    async (maintenance, _settings, args) => {
      requireConfirmed(maintenance, "resume", args);
      await maintenance.resume();
      return {};
    },
  ),
  CAPACITY,
  HOLD,
  changing(
    "move",
    `FUNCTION SERVER [${CONFIRM}]`,
    "move a function to another server",
    "Its clients lose it for a moment. Without confirm only the effect is shown.",
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
        lines: () => [`${entry.id} MOVES TO ${target.id}; show functions shows when it runs`],
      };
    },
  ),
  REBALANCE,
  changing(
    "clear faults",
    `[${CONFIRM}]`,
    "end the faults recorded as active",
    "Faults that persist are recorded again. Without confirm nothing is done.",
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
    "Start receiving (rz) in the terminal program unless it does so by itself. Five Ctrl-X cancel the transfer.",
    async ({ serverId, log }, settings, args) =>
      download(settings, args, "download log", nameOf(serverId, log, "log.bin"), () => log.image()),
  ),
  changing(
    "download legs",
    "",
    "legs and their faults as CSV, by ZMODEM",
    "The last line is the SHA-256 of everything before it.",
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
    text: `${CONSOLE_PAGE_LINES} at the beginning of a session. A program should set 0 first.`,
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

/** A change that would stop a function must be confirmed, and on ground. */
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
