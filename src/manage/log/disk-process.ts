/**
 * A disk behind a separate process (`wingman disk`), which may hang with it. Each call waits for a
 * limited time, then fails with ETIMEDOUT; every further call fails at once until the process has
 * come back. A failed call may still be carried out later: callers repeat it.
 *
 * Only reading accesses the file directly: what the log has once read or written is in the kernel's
 * memory.
 */
import { closeSync, openSync } from "node:fs";
import { socketPair } from "../../io/control-socket.ts";
import { EPIPE, ETIMEDOUT, errno, SystemError } from "../../io/errno.ts";
import { libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "../../io/libc.ts";
import { NativeMemory } from "../../io/native-memory.ts";
import { DISK_PIECE_BYTES, DISK_WAIT_MS } from "../../limits.ts";
import { cleanEnvironment } from "../../supervisor/own-executable.ts";
import { type Disk, type FileStatus, LocalDisk } from "./disk.ts";
import {
  DISK_MESSAGE_BYTES_MAX,
  type DiskAnswer,
  type DiskRequest,
  decodeDiskMessage,
  encodeDiskMessage,
} from "./disk-message.ts";

const DISK_FD = 3;
const POLLIN = 1;
const NOTHING = new Uint8Array(0);

export class DiskProcess implements Disk {
  readonly #fd: number;
  readonly #message = new NativeMemory(DISK_MESSAGE_BYTES_MAX);
  /** struct pollfd, then a struct timespec. */
  readonly #poll = new NativeMemory(24);
  /** The abandoned call; null when the process waits for one. */
  #owed: keyof Disk | null = null;
  /** To be closed as soon as the process comes back. */
  readonly #unclosed: number[] = [];
  /** Descriptors of this process, for reading, by file. */
  readonly #readable = new Map<number, number>();
  readonly #local = new LocalDisk();

  /**
   * @param ownCommand how to start this program in another role
   * @param onEnd the process has ended: its files are closed and unlocked
   */
  constructor(
    ownCommand: readonly string[],
    onEnd: () => void,
    private readonly waitMs = DISK_WAIT_MS,
  ) {
    const [ours, theirs] = socketPair();
    this.#fd = ours;
    try {
      Bun.spawn({
        cmd: [...ownCommand, "disk", "--control-fd", String(DISK_FD)],
        ...{ cwd: "/", env: cleanEnvironment() },
        stdio: ["ignore", "ignore", "inherit", theirs],
        onExit: onEnd,
      });
    } finally {
      libc.close(theirs);
    }
    this.#poll.view.setInt32(0, ours, true);
    this.#poll.view.setInt16(4, POLLIN, true);
  }

  open(path: string): number | null {
    const file = this.#call("open", [path]) as number | null;
    if (file !== null && this.status(file).isFile) this.#readable.set(file, openSync(path, "r"));
    return file;
  }

  create(path: string): number {
    const file = this.#call("create", [path]) as number;
    this.#readable.set(file, openSync(path, "r"));
    return file;
  }

  close(file: number): void {
    const readable = this.#readable.get(file);
    if (readable !== undefined) closeSync(readable);
    this.#readable.delete(file);
    this.#unclosed.push(file);
    this.#closeLeft();
  }

  lock(file: number, path: string): void {
    this.#call("lock", [file, path]);
  }

  touch(file: number): void {
    this.#call("touch", [file]);
  }

  status(file: number): FileStatus {
    return this.#call("status", [file]) as FileStatus;
  }

  statusOf(path: string): FileStatus | null {
    return this.#call("statusOf", [path]) as FileStatus | null;
  }

  read(file: number, at: number, length: number): Uint8Array {
    const readable = this.#readable.get(file);
    return readable === undefined ? NOTHING : this.#local.read(readable, at, length);
  }

  write(file: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; done += DISK_PIECE_BYTES)
      this.#call("write", [file, at + done], bytes.subarray(done, done + DISK_PIECE_BYTES));
  }

  truncate(file: number, size: number): void {
    this.#call("truncate", [file, size]);
  }

  allocate(file: number, size: number, path: string): void {
    this.#call("allocate", [file, size, path]);
  }

  syncData(file: number): void {
    this.#call("syncData", [file]);
  }

  sync(file: number): void {
    this.#call("sync", [file]);
  }

  syncDirectory(path: string): void {
    this.#call("syncDirectory", [path]);
  }

  rename(from: string, to: string): void {
    this.#call("rename", [from, to]);
  }

  remove(path: string): void {
    this.#call("remove", [path]);
  }

  list(directory: string): string[] {
    return this.#call("list", [directory]) as string[];
  }

  #call(call: keyof Disk, args: DiskRequest["args"], content: Uint8Array = NOTHING): unknown {
    this.#settlePending(call);
    this.#closeLeft();
    return this.#ask(call, args, content);
  }

  #ask(call: keyof Disk, args: DiskRequest["args"], content: Uint8Array = NOTHING): unknown {
    const { bytes, address } = this.#message;
    const length = encodeDiskMessage({ call, args }, content, bytes);
    if (libc.send(this.#fd, address, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      throw new SystemError(call, errno(), "process for the disk");
    if (!this.#isAnswered(this.waitMs)) {
      this.#owed = call;
      throw new SystemError(call, ETIMEDOUT, "the disk hangs");
    }
    const { value, error } = this.#answer(call);
    if (error !== undefined) throw Object.assign(new Error(error.message), error);
    return value;
  }

  /** Takes the answer to an abandoned call as soon as it is there. */
  #settlePending(next: keyof Disk): void {
    if (this.#owed === null) return;
    if (!this.#isAnswered(0)) throw new SystemError(next, ETIMEDOUT, "the disk hangs");
    const { value } = this.#answer(next);
    const isOpened = this.#owed === "open" || this.#owed === "create";
    if (isOpened && typeof value === "number") this.#unclosed.push(value);
    this.#owed = null;
  }

  /** Closes files that were released while the disk hung. */
  #closeLeft(): void {
    while (this.#owed === null) {
      const file = this.#unclosed.pop();
      if (file === undefined) return;
      try {
        this.#ask("close", [file]);
      } catch {} // it is closed anyway, or the process has ended
    }
  }

  #isAnswered(waitMs: number): boolean {
    const { view, address } = this.#poll;
    const untilMs = performance.now() + waitMs;
    do {
      const leftMs = Math.max(0, untilMs - performance.now());
      view.setUint32(8, Math.floor(leftMs / 1000), true);
      view.setUint32(16, Math.floor((leftMs % 1000) * 1e6), true);
      if (libc.ppoll(address, 1, address + 8, 0) === 1) return true;
    } while (performance.now() < untilMs); // a signal ends the wait early
    return false;
  }

  #answer(call: keyof Disk): DiskAnswer {
    const { address, bytes } = this.#message;
    const length = libc.recv(this.#fd, address, bytes.length, MSG_DONTWAIT);
    if (length <= 0) throw new SystemError(call, EPIPE, "process for the disk");
    return decodeDiskMessage<DiskAnswer>(bytes.subarray(0, length))[0];
  }
}
