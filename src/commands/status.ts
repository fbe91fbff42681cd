import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { type Reason, Reasons, serversSeen } from "../manage/reasons.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";
import { StatusError } from "../supervisor/status-reader.ts";
import { statusText } from "./status-text.ts";

const WATCH_MS = 1000;

/** Cursor to the top left, and everything below it erased: no flicker of an erased screen. */
const HOME = "\u001b[H";
const ERASE_LINE_END = "\u001b[K";
const ERASE_BELOW = "\u001b[J";
const ERASE_SCREEN = "\u001b[2J";

/**
 * `wingman status [--json] [--watch] [--run-dir DIR]`: the state of the daemon that runs here.
 *
 * `--watch` shows it every second until Ctrl-C: redrawn on a terminal, one block or one line of
 * JSON after the other otherwise. Exit code 1 when no daemon runs; a watch goes on, because a
 * daemon may come back.
 */
export async function status(args: string[]): Promise<number> {
  const { options } = parseOptions("status", args, {
    json: "flag",
    watch: "flag",
    "run-dir": "value",
  });
  const daemon = new RunningDaemon(options["run-dir"]);
  const format = ({ document, reasons }: Seen): string => {
    if (!options.json) return statusText(document, reasons);
    const functions = document.functions.map((entry) => ({
      ...entry,
      why: reasons.get(entry.id)?.why ?? "",
    }));
    return `${JSON.stringify({ ...document, functions }, null, options.watch ? 0 : 2)}\n`;
  };
  if (options.watch) return watch(daemon, format, options.json);
  process.stdout.write(format(await statusOf(daemon)));
  return EXIT_DONE;
}

/** A state, and the reason for what each function does. */
interface Seen {
  document: StatusDocument;
  reasons: ReadonlyMap<string, Reason>;
}

async function statusOf(daemon: RunningDaemon): Promise<Seen> {
  try {
    const document = await daemon.status();
    const reasons = new Reasons(daemon.config()).of(document.functions, serversSeen(document));
    return { document, reasons };
  } catch (error) {
    if (error instanceof StatusError) throw new RuntimeError(`status: ${error.message}`);
    throw error;
  }
}

/**
 * Ends with Ctrl-C or when nobody reads any more. The first state must be there; later gaps are
 * said and waited through.
 */
async function watch(
  daemon: RunningDaemon,
  format: (seen: Seen) => string,
  json: boolean,
): Promise<number> {
  const redraw = process.stdout.isTTY === true && !json;
  const end = Promise.withResolvers<true>();
  const stop = (): void => end.resolve(true);
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  process.stdout.on("error", stop); // EPIPE
  let first = true;
  let nextAtMs = performance.now();
  try {
    for (let ended = false; !ended; ) {
      const text = await textNow(daemon, format, first);
      if (text.problem !== "") process.stderr.write(text.problem);
      if (redraw) drawOver(text.state === "" ? text.problem : text.state, first);
      else if (text.state !== "")
        process.stdout.write(json || first ? text.state : `\n${text.state}`);
      first = false;
      nextAtMs = Math.max(nextAtMs + WATCH_MS, performance.now());
      ended = (await Promise.race([end.promise, Bun.sleep(nextAtMs - performance.now())])) === true;
    }
    return EXIT_DONE;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    process.stdout.off("error", stop);
  }
}

async function textNow(
  daemon: RunningDaemon,
  format: (seen: Seen) => string,
  required: boolean,
): Promise<{ state: string; problem: string }> {
  try {
    return { state: format(await statusOf(daemon)), problem: "" };
  } catch (error) {
    if (required || !(error instanceof RuntimeError)) throw error;
    return { state: "", problem: `wingman: ${error.message}\n` };
  }
}

/**
 * Draws over what was drawn before, as much as fits the terminal: what scrolled away could not be
 * drawn over.
 */
function drawOver(text: string, first: boolean): void {
  const rows = process.stdout.rows || Number.POSITIVE_INFINITY;
  const lines = text
    .trimEnd()
    .split("\n")
    .slice(0, Math.max(1, rows - 1));
  const drawn = lines.map((line) => `${line}${ERASE_LINE_END}\n`).join("");
  process.stdout.write(`${first ? ERASE_SCREEN : ""}${HOME}${drawn}${ERASE_BELOW}`);
}
