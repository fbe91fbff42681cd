/** `wingman log`: the maintenance log of this machine, or of a file taken from any other. */
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { type ExportFormat, exportLog } from "../manage/log/log-export.ts";
import { LogImage, NoLogError } from "../manage/log/log-image.ts";
import { LOG_FILE } from "../manage/log/log-store.ts";
import { verifyLog } from "../manage/log/log-verify.ts";
import type { FaultClass, LogFilter } from "../manage/maintenance.ts";
import { STATE_DIRECTORY_DEFAULT } from "../supervisor/run-directory.ts";

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
 * Prints the log, or writes it to `--out`; `wingman log verify FILE` says whether a file taken from
 * a log is whole (exit 1 if not). Needs no configuration, and does not hold up the process that
 * writes the log.
 * @throws UsageError, RuntimeError
 */
export async function log(args: string[]): Promise<number> {
  const { options, operands } = parseOptions("log", args, OPTIONS, 2);
  if (operands[0] === "verify") return verify(operands[1], options);
  if (operands[0] !== undefined) {
    throw new UsageError(
      `log: found ${JSON.stringify(operands[0])}, expected options only, or verify FILE`,
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
  if (options.file !== undefined && options["state-dir"] !== undefined) {
    throw new UsageError("log: expected --file or --state-dir, not both");
  }
  const file = options.file ?? join(options["state-dir"] ?? STATE_DIRECTORY_DEFAULT, LOG_FILE);
  const out = options.out === undefined ? undefined : target(options.out, file);
  const image = read(file);
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

function read(file: string): LogImage {
  try {
    return LogImage.read(file);
  } catch (error) {
    if (error instanceof NoLogError) throw new RuntimeError(`log: ${error.message}`);
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file; 'wingman run' begins it" : message;
    throw new RuntimeError(`log: ${file}: ${reason}`);
  }
}

async function deliver(
  content: Uint8Array,
  format: string,
  out: string | undefined,
): Promise<void> {
  if (out !== undefined) {
    write(out, content);
    console.log(`${out}: ${content.length} bytes`);
    return;
  }
  if (format === "binary" && process.stdout.isTTY === true) {
    throw new UsageError("log: --binary is not for a terminal: expected --out FILE, or a pipe");
  }
  await new Promise<void>((resolve) => process.stdout.write(content, () => resolve()));
}

/**
 * What `out` leads to. Only a file is replaced, and never the log: nobody wants another thing in
 * the place of a device.
 */
function target(out: string, log: string): string {
  const there = statusOf(out);
  if (there === null) return out;
  if (!there.isFile())
    throw new RuntimeError(`log: --out: ${out}: expected the name of a file, found something else`);
  const source = statusOf(log);
  if (source !== null && source.ino === there.ino && source.dev === there.dev) {
    throw new RuntimeError(`log: --out: ${out}: that is the log itself`);
  }
  return realpathSync(out);
}

/** null where there is nothing, or nothing that can be seen. */
function statusOf(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    return null;
  }
}

/** Under its name only when it is whole. */
function write(out: string, content: Uint8Array): void {
  const unnamed = `${out}.${process.pid}.part`;
  try {
    const fd = openSync(unnamed, "w", 0o644);
    try {
      for (let done = 0; done < content.length; ) done += writeSync(fd, content, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(unnamed, out);
  } catch (error) {
    rmSync(unnamed, { force: true });
    throw new RuntimeError(`log: --out: ${out}: ${(error as Error).message}`);
  }
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
