/** `wingman log`: the maintenance log of this machine, or of a file taken from any other. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { outputFile, statusOf, writeWhole } from "../command-line/output-file.ts";
import { type ExportFormat, exportLog } from "../manage/log/log-export.ts";
import type { LogImage } from "../manage/log/log-image.ts";
import { LOG_FILE } from "../manage/log/log-store.ts";
import { verifyLog } from "../manage/log/log-verify.ts";
import type { FaultClass, LogFilter } from "../manage/maintenance.ts";
import { STATE_DIRECTORY_DEFAULT } from "../supervisor/run-directory.ts";
import { readLog } from "./log-file.ts";
import { logReplay } from "./log-replay.ts";

const OPTIONS = {
  json: "flag",
  csv: "flag",
  text: "flag",
  binary: "flag",
  since: "value",
  leg: "value",
  class: "value",
  function: "value",
  out: "value",
  "state-dir": "value",
  file: "value",
} as const;

const U32_MAX = 0xffff_ffff;

/** No export is larger: those of the largest log, 1 GiB, have half of it. */
const EXPORT_BYTES_MAX = 2 ** 32;

/**
 * Prints the log, or that in a file, or writes it to `--out`; `wingman log verify FILE` says whether a file taken from
 * a log is whole (exit 1 if not), `wingman log replay FILE` makes its decisions again. Needs no
 * configuration, and does not hold up the process that writes the log.
 * @throws UsageError, RuntimeError
 */
export async function log(args: string[]): Promise<number> {
  if (args[0] === "replay") return logReplay(args.slice(1));
  const { options, operands } = parseOptions("log", args, OPTIONS, 2);
  if (operands[0] === "verify") return verify(operands[1], options);
  const [operand] = operands;
  if (operands.length > 1) {
    throw new UsageError(
      `log: found ${JSON.stringify(operand)}, expected one FILE, verify FILE or replay FILE`,
    );
  }
  const formats = (["text", "csv", "json", "binary"] as const).filter((name) => options[name]);
  if (formats.length > 1)
    throw new UsageError(`log: expected one of --text, --csv, --json and --binary`);
  const format = formats[0] ?? "text";
  const filter = filterOf(options);
  if (format === "binary" && Object.keys(filter).length > 0) {
    throw new UsageError(
      "log: --binary is the whole file: no --since, --leg, --class or --function with it",
    );
  }
  const named = [operand, options.file, options["state-dir"]].filter((name) => name !== undefined);
  if (named.length > 1)
    throw new UsageError("log: expected one of FILE, --file FILE and --state-dir DIR");
  const file =
    operand ?? options.file ?? join(options["state-dir"] ?? STATE_DIRECTORY_DEFAULT, LOG_FILE);
  const out = options.out === undefined ? undefined : target(options.out, file);
  const image = readLog("log", file);
  const damaged = image.damagedPlaces().length;
  if (damaged > 0) process.stderr.write(`wingman: log: ${damaged} damaged records skipped\n`);
  await deliver(contentOf(image, format, filter), format, out);
  return EXIT_DONE;
}

function contentOf(
  image: LogImage,
  format: ExportFormat | "binary",
  filter: LogFilter,
): Uint8Array {
  return format === "binary"
    ? image.image()
    : Buffer.from(exportLog(image, format, filter), "utf8");
}

function filterOf(
  options: Record<"since" | "leg" | "class" | "function", string | undefined>,
): LogFilter {
  const number = (name: "since" | "leg" | "class", max: number): number | undefined =>
    options[name] === undefined ? undefined : wholeNumberOption("log", name, options[name], 0, max);
  const since = number("since", U32_MAX);
  const leg = number("leg", U32_MAX);
  const faultClass = number("class", 3) as FaultClass | undefined;
  return {
    ...(since === undefined ? {} : { since }),
    ...(leg === undefined ? {} : { leg }),
    ...(faultClass === undefined ? {} : { class: faultClass }),
    ...(options.function === undefined ? {} : { function: options.function }),
  };
}

async function deliver(
  content: Uint8Array,
  format: string,
  out: string | undefined,
): Promise<void> {
  if (out !== undefined) {
    writeWhole("log: --out", out, content);
    console.log(`${out}: ${content.length} bytes`);
    return;
  }
  if (format === "binary" && process.stdout.isTTY === true) {
    throw new UsageError("log: --binary is not for a terminal: expected --out FILE, or a pipe");
  }
  await new Promise<void>((resolve) => process.stdout.write(content, () => resolve()));
}

/** What `out` leads to: never the log. */
function target(out: string, log: string): string {
  const file = outputFile("log: --out", out);
  const there = statusOf(file);
  const source = statusOf(log);
  if (there !== null && source?.ino === there.ino && source.dev === there.dev)
    throw new RuntimeError(`log: --out: ${out}: that is the log itself`);
  return file;
}

function verify(
  file: string | undefined,
  options: Record<string, string | boolean | undefined>,
): number {
  if (file === undefined) throw new UsageError("log verify: expected a file");
  const extra = Object.entries(options).find(([, value]) => value !== undefined && value !== false);
  if (extra !== undefined)
    throw new UsageError(`log verify: --${extra[0]} has no meaning here, expected a file only`);
  const there = statusOf(file);
  if (there !== null && !there.isFile()) throw new RuntimeError(`log verify: ${file}: not a file`);
  if (there !== null && there.size > EXPORT_BYTES_MAX) {
    throw new RuntimeError(`log verify: ${file}: ${there.size} bytes are more than any log has`);
  }
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new RuntimeError(`log verify: ${file}: ${code === "ENOENT" ? "no such file" : message}`);
  }
  const { format, problems, summary } = verifyLog(file, bytes);
  for (const problem of problems) console.log(`${file}: ${problem}`);
  if (problems.length > 0) {
    console.log(`${file}: NOT WHOLE (${format})`);
    return EXIT_FAILED;
  }
  console.log(`${file}: whole (${format}): ${summary}`);
  return EXIT_DONE;
}
