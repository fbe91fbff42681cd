import { UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import type { ProcessSettings } from "../config/model.ts";
import { errnoName, SystemError } from "../io/errno.ts";
import { launch as becomeProgram } from "../io/launch.ts";
import { libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "../io/libc.ts";
import { nativeString } from "../io/native-memory.ts";
import { userEnvironment } from "../io/process-settings.ts";

/** Largest process id of Linux on 64 bits (proc(5), pid_max). */
const PROCESS_ID_MAX = 2 ** 22;
const DESCRIPTOR_MAX = 1024;

// As shells do it.
const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;

/**
 * `wingman launch [--parent PID] [--report-fd N] [--settings JSON] -- PROGRAM ARGUMENTS…`: becomes
 * the program of a function, which leads a session of its own and dies with its parent, as user and
 * within limits of `--settings` (config/model, ProcessSettings). What the supervisor starts a
 * function's process with; see io/launch.
 *
 * Does not return when it works; the descriptor of `--report-fd` (a socket) is then closed without
 * a word. Otherwise errno and reason go there, or the reason to stderr without the option, and the
 * exit code is 127 (no such program) or 126.
 */
export async function launch(args: string[]): Promise<number> {
  const end = args.indexOf("--");
  if (end < 0) throw new UsageError("launch: expected -- and a program with its arguments");
  const [program, ...programArguments] = args.slice(end + 1);
  const { options } = parseOptions("launch", args.slice(0, end), {
    parent: "value",
    "report-fd": "value",
    settings: "value",
  });
  if (program === undefined) throw new UsageError("launch: expected a program after --");
  if (!program.startsWith("/")) {
    throw new UsageError(
      `launch: found ${JSON.stringify(program)}, expected the program's absolute path`,
    );
  }
  const parent =
    options.parent === undefined
      ? process.ppid
      : wholeNumberOption("launch", "parent", options.parent, 1, PROCESS_ID_MAX);
  const reportTo =
    options["report-fd"] === undefined
      ? null
      : wholeNumberOption("launch", "report-fd", options["report-fd"], 3, DESCRIPTOR_MAX);

  const settings =
    options.settings === undefined ? null : (JSON.parse(options.settings) as ProcessSettings);
  const environment = { ...userEnvironment(settings?.user ?? null), ...process.env };
  const { what, errno } = becomeProgram(
    [program, ...programArguments],
    environment,
    parent,
    settings,
  );
  const reason = new SystemError(`cannot ${what}`, errno).message;
  if (reportTo === null) process.stderr.write(`wingman: ${reason}\n`);
  else {
    const text = nativeString(`${errno} ${reason}`);
    libc.send(reportTo, text.address, text.bytes.length - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
  return errnoName(errno) === "ENOENT" ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}
