/**
 * `wingman manage …`: maintenance log, console, page and data load, started by the supervisor and
 * by nobody else. It has no capability, unless a data load needs ports below 1024: then that one
 * alone. It keeps the supervisor's user, who owns the state
 * directory.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { parseConfig } from "../config/load.ts";
import { KEY_MARKS_VARIABLE, type KeyFileMark } from "../config/start-keys.ts";
import { bootId } from "../io/boot-note.ts";
import { dropCapabilities } from "../io/capabilities.ts";
import { SystemError } from "../io/errno.ts";
import { execute } from "../io/launch.ts";
import { bootUs } from "../io/monotonic-clock.ts";
import { mountOf } from "../io/mount.ts";
import { dieWithParent } from "../io/realtime.ts";
import { DiskProcess } from "../manage/log/disk-process.ts";
import { LOG_FILE } from "../manage/log/log-store.ts";
import { MaintenanceLog } from "../manage/log/maintenance-log.ts";
import { Manage } from "../manage/manage.ts";
import { AnswerWatch } from "../manage/watch/answer-watch.ts";
import { ExecutableWatch } from "../manage/watch/executable-watch.ts";
import { KeyWatch } from "../manage/watch/key-watch.ts";
import type { WatchedThing } from "../manage/watch/machine-watch.ts";
import { ownCommand } from "../supervisor/own-executable.ts";
import { hasCapabilities, hasCapability, NET_BIND_SERVICE } from "../supervisor/privileges.ts";

/** It opens ports below 1024. */
const LOW_PORTS = "--low-ports";

export async function manage(args: string[]): Promise<number> {
  const kept =
    args.includes(LOW_PORTS) && hasCapability(NET_BIND_SERVICE) ? NET_BIND_SERVICE : null;
  if (hasCapabilities(undefined, kept)) becomeUnprivileged(args, kept);
  const { options } = parseOptions("manage", args, {
    server: "value",
    config: "value",
    directory: "value",
    "state-dir": "value",
    "run-dir": "value",
    session: "value",
    executable: "value",
    "low-ports": "flag",
    "control-fd": "value",
    parent: "value",
  });
  const required = (name: keyof typeof options): string => {
    const value = options[name];
    if (typeof value !== "string") {
      throw new UsageError(`manage: --${name} is missing; manage is started by 'wingman run'`);
    }
    return value;
  };
  const number = (name: keyof typeof options, min: number, max: number): number =>
    wholeNumberOption("manage", name, required(name), min, max);
  const file = required("config");
  const serverId = required("server");
  const stateDirectory = required("state-dir");
  const session = number("session", 0, 0xffff_ffff);
  if (!dieWithParent(number("parent", 1, 2 ** 31))) return EXIT_FAILED;
  const result = parseConfig(readFileSync(file, "utf8"), file, required("directory"));
  if (!result.ok) throw new InputFileError(result);
  const { config } = result;
  if (!config.servers.some(({ id }) => id === serverId)) {
    throw new UsageError(`manage: --server: ${serverId} is no server of ${file}`);
  }

  const manage = new Manage({
    config,
    serverId,
    runDirectory: required("run-dir"),
    ...{ configFile: file, directory: required("directory") },
    stateDirectory,
    controlFd: number("control-fd", 3, 1023),
    log: MaintenanceLog.open({
      ...{ config, serverId, session },
      file: join(stateDirectory, LOG_FILE),
      sizeKiB: config.maintenance.log.sizeKiB,
      bootId: bootId(),
      nowBootUs: bootUs(),
      nowUtcMs: Date.now(),
      disk: new DiskProcess(ownCommand(), diskEnded),
      diskName: diskName(stateDirectory),
    }),
    watched: [...watchedThings(options.executable), new AnswerWatch(config)],
    warn: (text) => console.error(text),
  });
  await manage.run();
  // Whatever a console or a page has still open must not keep it.
  process.exit(EXIT_DONE);
}

/** Nothing can be stored any more: the supervisor starts another one, which begins anew. */
function diskEnded(): void {
  console.error("the process for the state directory has ended");
  process.exit(EXIT_FAILED);
}

/** The marks of the key files come as JSON of config/start-keys. */
function watchedThings(
  executable: string | undefined,
  keyMarks = process.env[KEY_MARKS_VARIABLE],
): WatchedThing[] {
  return [
    ...(executable === undefined ? [] : [new ExecutableWatch(executable)]),
    ...(keyMarks === undefined ? [] : [new KeyWatch(JSON.parse(keyMarks) as KeyFileMark[])]),
  ];
}

function diskName(directory: string): string {
  const mount = mountOf(directory);
  return mount === null ? directory : `${directory} on ${mount.source}`;
}

/**
 * Starts this program anew without capabilities but `kept`: only so its other threads lose them,
 * too.
 */
function becomeUnprivileged(args: readonly string[], kept: number | null): void {
  dropCapabilities(kept === null ? [] : [kept]);
  const [program = "", ...rest] = ownCommand();
  throw new SystemError(
    `execute ${program}`,
    execute([process.execPath, ...rest, "manage", ...args], process.env, program),
  );
}
