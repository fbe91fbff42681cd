import { statSync } from "node:fs";
import { resolve } from "node:path";
import {
  EXIT_DONE,
  EXIT_FAILED,
  InputFileError,
  RuntimeError,
  UsageError,
} from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { readKeys } from "../config/key-file.ts";
import type { LoadedConfig } from "../config/load.ts";
import { serializeConfig } from "../config/serialize.ts";
import { type KeyFileMark, keyFileMark, type StartKeys } from "../config/start-keys.ts";
import { claimInterface } from "../io/network-interface.ts";
import { SERVICE_FEEDINGS } from "../limits.ts";
import { Incarnations } from "../supervisor/incarnation.ts";
import { incarnationSources } from "../supervisor/incarnation-sources.ts";
import { logSupervisor } from "../supervisor/log-output.ts";
import { ownCommand, ownFile } from "../supervisor/own-executable.ts";
import { hangUpIsIgnored, missingCapabilities } from "../supervisor/privileges.ts";
import {
  AlreadyRunningError,
  RUN_DIRECTORY_DEFAULT,
  RunDirectory,
  STATE_DIRECTORY_DEFAULT,
} from "../supervisor/run-directory.ts";
import { ServiceNotification } from "../supervisor/service-notification.ts";
import { Supervisor } from "../supervisor/supervisor.ts";

/**
 * Signals closer together than this are one wish: Ctrl-C under npm arrives twice, from the terminal
 * and from npm.
 */
const SAME_WISH_MS = 100;

/**
 * `wingman run --server ID [--config FILE] [--state-dir DIR] [--run-dir DIR]`: the head-end daemon,
 * in the foreground.
 *
 * SIGTERM, SIGINT and SIGHUP make it drain and leave, exit code 0; a second SIGTERM or SIGINT ends
 * everything at once, exit code 1. SIGHUP stays ignored under nohup. Exit code 1 also when the
 * engine did not leave in good order, or cannot start.
 */
export function run(args: string[]): Promise<number> {
  return runWith(args, ownCommand());
}

/** Likewise, with another way to start this program in its other roles (tests). */
export async function runWith(args: string[], command: readonly string[]): Promise<number> {
  const executable = ownFile();
  const { options } = parseOptions("run", args, {
    server: "value",
    config: "value",
    "state-dir": "value",
    "run-dir": "value",
  });
  const loaded = requireConfig(options.config);
  const { config, directory } = loaded;
  const serverId = requireServer(
    options.server,
    config.servers.map(({ id }) => id),
  );
  const keys = requireKeys(loaded);
  requirePrivileges();
  const notification = notificationOf(config.keepAlive.periodMs);
  const runDirectory = acquire(new RunDirectory(options["run-dir"] ?? RUN_DIRECTORY_DEFAULT));
  try {
    if (runDirectory.place !== runDirectory.path)
      logSupervisor(
        `run directory ${runDirectory.path} is on a disk, its files are in ${runDirectory.place}`,
      );
    claimInterface(config.clients.interface);
    writeConfig(runDirectory, serializeConfig(config));
    const stateDirectory = resolve(options["state-dir"] ?? STATE_DIRECTORY_DEFAULT);
    const supervisor = new Supervisor({
      ...{ config, serverId, runDirectory, notification, keys },
      keyMarks: keyMarks(loaded, keys),
      configDirectory: directory,
      stateDirectory,
      incarnations: new Incarnations(
        incarnationSources(command, stateDirectory, runDirectory.incarnation),
      ),
      ...{ ownCommand: command, executable },
    });
    const stopListening = handleSignals(supervisor);
    const inGoodOrder = await supervisor.run();
    stopListening();
    return inGoodOrder ? EXIT_DONE : EXIT_FAILED;
  } finally {
    runDirectory.release();
  }
}

function requireServer(id: string | undefined, known: readonly string[]): string {
  const expected = `expected one of ${known.join(", ")}`;
  if (id === undefined) throw new UsageError(`run: --server is missing, ${expected}`);
  if (!known.includes(id))
    throw new UsageError(`run: --server: found ${JSON.stringify(id)}, ${expected}`);
  return id;
}

/** A key that cannot be used is told before anything starts. */
function requireKeys({ config, source, directory }: LoadedConfig): StartKeys {
  const result = readKeys(config.keepAlive, directory);
  if (!result.ok) throw new InputFileError({ source, problems: result.problems });
  return result;
}

function keyMarks({ config, directory }: LoadedConfig, keys: StartKeys): KeyFileMark[] {
  const { keyFile, acceptKeyFile } = config.keepAlive;
  const files = [
    [keyFile, keys.key],
    [acceptKeyFile, keys.acceptKey],
  ] as const;
  return files.flatMap(([file, key]) => {
    if (file === null || key === null) return [];
    const path = resolve(directory, file);
    return [keyFileMark(path, statSync(path), key)];
  });
}

function requirePrivileges(): void {
  const missing = missingCapabilities();
  if (missing.length === 0) return;
  throw new RuntimeError(
    `run: this process lacks ${missing.join(" and ")}: start it as root, or give the service these ambient capabilities`,
  );
}

function notificationOf(periodMs: number): ServiceNotification {
  try {
    const notification = new ServiceNotification(process.env, process.pid);
    const { watchdogUs } = notification;
    if (watchdogUs !== null && watchdogUs < SERVICE_FEEDINGS * periodMs * 1000) {
      logSupervisor(
        `WATCHDOG_USEC: found ${watchdogUs}, expected ${SERVICE_FEEDINGS} keep-alive periods at least`,
      );
    }
    return notification;
  } catch (error) {
    logSupervisor(`the service manager is not notified: ${(error as Error).message}`);
    return new ServiceNotification({}, process.pid);
  }
}

function acquire(runDirectory: RunDirectory): RunDirectory {
  try {
    runDirectory.acquire();
  } catch (error) {
    if (error instanceof AlreadyRunningError) throw new RuntimeError(`run: ${error.message}`);
    throw new RuntimeError(`run: the run directory cannot be used: ${(error as Error).message}`);
  }
  return runDirectory;
}

function writeConfig(runDirectory: RunDirectory, text: string): void {
  try {
    runDirectory.writeConfig(text);
  } catch (error) {
    throw new RuntimeError(`run: the run directory cannot be written: ${(error as Error).message}`);
  }
}

/** Returns how to stop obeying them. */
function handleSignals(supervisor: Supervisor): () => void {
  let firstAtMs = Number.NaN;
  const leave = (): void => {
    if (Number.isNaN(firstAtMs)) firstAtMs = performance.now();
    supervisor.leave();
  };
  const leaveOrAbandon = (): void => {
    if (performance.now() - firstAtMs > SAME_WISH_MS) supervisor.abandon();
    else leave();
  };
  const handlers: [NodeJS.Signals, () => void][] = [
    ["SIGTERM", leaveOrAbandon],
    ["SIGINT", leaveOrAbandon],
  ];
  // A terminal that closes, or whoever means "reload": there is nothing to reload, and leaving in
  // good order loses nothing.
  if (!hangUpIsIgnored()) handlers.push(["SIGHUP", leave]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
