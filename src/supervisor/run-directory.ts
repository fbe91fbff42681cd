/** `RUN_DIR`: what a running daemon shows to the commands beside it. */
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { errno, errnoName } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

export const RUN_DIRECTORY_DEFAULT = "/run/wingman";
export const STATE_DIRECTORY_DEFAULT = "/var/lib/wingman";

/** Someone else holds the lock. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
}

/** The files of a run directory by their names. */
export class RunDirectory {
  readonly path: string;
  /** The effective configuration, for the engine and for the commands that show names. */
  readonly config: string;
  /** Mapped snapshot of the engine, see wire/status-snapshot. */
  readonly status: string;
  /** Where the engine takes requests of the commands. */
  readonly engineSocket: string;
  /** What the engine printed to stderr: nothing, unless it died. */
  readonly engineErrors: string;
  /** What the maintenance process printed to stderr: nothing, unless it died. */
  readonly manageErrors: string;
  /** The maintenance console, for `wingman console`. */
  readonly consoleSocket: string;
  /** The air/ground signal, where the configuration names no other file: not ours. */
  readonly groundInput: string;
  readonly #lockFile: string;
  #lock = -1;
  #lastWasKilled = false;

  constructor(path: string) {
    this.path = resolve(path);
    this.config = join(this.path, "config.json");
    this.status = join(this.path, "status");
    this.engineSocket = join(this.path, "engine.sock");
    this.engineErrors = join(this.path, "engine.stderr");
    this.manageErrors = join(this.path, "manage.stderr");
    this.consoleSocket = join(this.path, "console.sock");
    this.groundInput = join(this.path, "on-ground");
    this.#lockFile = join(this.path, "lock");
  }

  /**
   * Makes the directory and locks it for as long as this process lives; the children do not inherit
   * the lock.
   * @throws AlreadyRunningError naming the process that has it; Error when the directory cannot be
   * made or written
   */
  acquire(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o755 });
    const descriptor = openSync(this.#lockFile, "a+", 0o644);
    if (libc.flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
      const reason = errnoName(errno());
      const owner = Buffer.alloc(16);
      const length = readSync(descriptor, owner, 0, owner.length, 0);
      closeSync(descriptor);
      if (reason !== "EAGAIN") throw new Error(`flock ${this.#lockFile}: ${reason}`);
      throw new AlreadyRunningError(
        `already running as pid ${owner.toString("latin1", 0, length).trim()} in ${this.path}`,
      );
    }
    // Who ended in good order has emptied the file.
    this.#lastWasKilled = fstatSync(descriptor).size > 0;
    ftruncateSync(descriptor, 0);
    writeSync(descriptor, `${process.pid}\n`);
    this.#lock = descriptor;
  }

  /**
   * Since the machine was switched on (which empties the directory) a daemon ran here and did not
   * end in good order.
   */
  get lastWasKilled(): boolean {
    return this.#lastWasKilled;
  }

  /**
   * Writes the configuration and makes room for the engine's snapshot, so that a full disk is told
   * before anything starts.
   */
  writeConfig(text: string): void {
    writeFileSync(this.config, text, { mode: 0o644 });
    writeFileSync(this.status, new Uint8Array(STATUS_BYTES), { mode: 0o644 });
  }

  /** What the last engine printed, at most its last `linesMax` lines; "" for nothing. */
  engineErrorTail(linesMax = 20): string {
    return tailOf(this.engineErrors, linesMax);
  }

  /** Likewise of the maintenance process. */
  manageErrorTail(linesMax = 20): string {
    return tailOf(this.manageErrors, linesMax);
  }

  /**
   * Removes the files of this run and gives the lock back. The lock file itself stays: if it were
   * removed, two daemons could each hold the lock of a different file of this name.
   */
  release(): void {
    const { config, status, engineSocket, engineErrors, manageErrors, consoleSocket } = this;
    for (const file of [config, status, engineSocket, engineErrors, manageErrors, consoleSocket]) {
      rmSync(file, { force: true });
    }
    if (this.#lock < 0) return;
    ftruncateSync(this.#lock, 0);
    closeSync(this.#lock);
    this.#lock = -1;
  }
}

/** At most the last `linesMax` lines of a file; "" when it is not there. */
function tailOf(file: string, linesMax: number): string {
  const bytesMax = 8192;
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return ""; // it never started
  }
  try {
    const { size } = fstatSync(descriptor);
    const tail = Buffer.alloc(bytesMax);
    const length = readSync(descriptor, tail, 0, bytesMax, Math.max(0, size - bytesMax));
    return tail.toString("utf8", 0, length).trimEnd().split("\n").slice(-linesMax).join("\n");
  } finally {
    closeSync(descriptor);
  }
}
