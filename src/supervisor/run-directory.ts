/** `RUN_DIR`: the files that a running daemon shares with the commands beside it. */
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { errno, errnoName } from "../io/errno.ts";
import { libc } from "../io/libc.ts";
import { STATUS_BYTES } from "../wire/status-snapshot.ts";
import { isInMemory, linkTarget, linkTo, MEMORY_LINK, memoryPlace } from "./memory-place.ts";

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

export const RUN_DIRECTORY_DEFAULT = "/run/wingman";
export const STATE_DIRECTORY_DEFAULT = "/var/lib/wingman";

/** Someone else holds the lock. */
export class AlreadyRunningError extends Error {
  override readonly name = "AlreadyRunningError";
}

/** Files that are removed with the run. */
const NAMES = [
  "config.json",
  "status",
  "engine.sock",
  "engine.stderr",
  "manage.stderr",
  "console.sock",
] as const;
type Name = (typeof NAMES)[number];

const LOCK = "lock";
const GROUND_INPUT = "on-ground";
const CAPACITY_INPUT = "capacity";
const HOLD_INPUT = "hold";
const INCARNATION = "incarnation";

/** The files of a run directory by their names. */
export class RunDirectory {
  readonly path: string;
  /**
   * Place of the files, for the daemon's processes: the directory itself, or one in memory that its
   * links lead to (memory-place).
   */
  place: string;
  /** False when the files are on a disk, which may stall the flight loop. */
  isInMemory = true;
  /** Locked for as long as the daemon runs. */
  readonly #locks: number[] = [];
  #lastWasKilled = false;

  constructor(path: string) {
    this.path = resolve(path);
    this.place = this.path;
  }

  /** Effective configuration, for the engine and for the commands that show names. */
  get config(): string {
    return this.#file("config.json");
  }

  /** Mapped snapshot of the engine, see wire/status-snapshot. */
  get status(): string {
    return this.#file("status");
  }

  /** Socket for the commands' requests to the engine. */
  get engineSocket(): string {
    return this.#file("engine.sock");
  }

  /** The engine's stderr: empty, unless it died. */
  get engineErrors(): string {
    return this.#file("engine.stderr");
  }

  /** The maintenance process's stderr: empty, unless it died. */
  get manageErrors(): string {
    return this.#file("manage.stderr");
  }

  /** The maintenance console, for `wingman console`. */
  get consoleSocket(): string {
    return this.#file("console.sock");
  }

  /** Air/ground signal, where the configuration names no other file; written by others. */
  get groundInput(): string {
    return this.#input(GROUND_INPUT);
  }

  /**
   * Capacity request of another program, where the configuration names no other file; written by
   * others.
   */
  get capacityInput(): string {
    return this.#input(CAPACITY_INPUT);
  }

  get holdInput(): string {
    return this.#input(HOLD_INPUT);
  }

  /** The last incarnation; survives a kill of the daemon. */
  get incarnation(): string {
    return join(this.place, INCARNATION);
  }

  #input(name: string): string {
    const file = join(this.place, name);
    return linkTarget(file) ?? file; // the name that people know
  }

  #file(name: Name): string {
    return join(this.place, name);
  }

  /**
   * Makes the directory and locks it for as long as this process lives; children do not inherit the
   * lock.
   * @throws AlreadyRunningError naming the process that holds it; Error when the directory cannot
   * be made or written
   */
  acquire(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o755 });
    let lock = this.#lock(this.path);
    if (!isInMemory(this.path)) {
      const place = memoryPlace(this.path, NAMES);
      this.isInMemory = place !== null;
      if (place !== null) {
        this.place = place;
        for (const name of [GROUND_INPUT, CAPACITY_INPUT, HOLD_INPUT])
          linkTo(join(place, name), join(this.path, name));
        lock = this.#lock(place);
      }
    }
    // A daemon that ends in good order leaves an empty file.
    this.#lastWasKilled = fstatSync(lock).size > 0;
    ftruncateSync(lock, 0);
    writeSync(lock, `${process.pid}\n`);
  }

  #lock(directory: string): number {
    const file = join(directory, LOCK);
    const descriptor = openSync(file, "a+", 0o644);
    if (libc.flock(descriptor, LOCK_EX | LOCK_NB) < 0) {
      const reason = errnoName(errno());
      closeSync(descriptor);
      if (reason !== "EAGAIN") throw new Error(`flock ${file}: ${reason}`);
      throw new AlreadyRunningError(`already running as pid ${this.#holder()} in ${this.path}`);
    }
    this.#locks.push(descriptor);
    return descriptor;
  }

  /** Process id of the daemon that runs. */
  #holder(): string {
    const files = [join(this.path, LOCK), join(this.path, MEMORY_LINK, LOCK)];
    const texts = files.map((file) => (existsSync(file) ? readFileSync(file, "latin1") : ""));
    return texts.find((text) => text !== "")?.trim() ?? "?";
  }

  /**
   * Whether a daemon ran here since the machine was switched on (which empties the directory) and
   * did not end in good order.
   */
  get lastWasKilled(): boolean {
    return this.#lastWasKilled;
  }

  /**
   * Writes the configuration and makes room for the engine's snapshot, so that a full disk is
   * reported before anything starts.
   */
  writeConfig(text: string): void {
    writeFileSync(this.config, text, { mode: 0o644 });
    writeFileSync(this.status, new Uint8Array(STATUS_BYTES), { mode: 0o644 });
  }

  /** The last engine's stderr, at most its last `linesMax` lines; "" for none. */
  engineErrorTail(linesMax = 20): string {
    return tailOf(this.engineErrors, linesMax);
  }

  /** The same for the maintenance process. */
  manageErrorTail(linesMax = 20): string {
    return tailOf(this.manageErrors, linesMax);
  }

  /**
   * Removes the files of this run and releases the lock. The lock file itself stays: if it were
   * removed, two daemons could each lock a different file of this name.
   */
  release(): void {
    for (const name of NAMES) rmSync(join(this.place, name), { force: true });
    const last = this.#locks.at(-1);
    if (last === undefined) return;
    ftruncateSync(last, 0);
    // The links stay: removing them could wait for the disk.
    if (this.place !== this.path) rmSync(this.place, { recursive: true, force: true });
    this.place = this.path;
    for (const lock of this.#locks.splice(0)) closeSync(lock);
  }
}

/** At most the last `linesMax` lines of a file; "" when it does not exist. */
function tailOf(file: string, linesMax: number): string {
  const bytesMax = 8192;
  let descriptor: number;
  try {
    descriptor = openSync(file, "r");
  } catch {
    return ""; // never started
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
