/**
 * Disk operations of the maintenance log's file. Every failure is thrown as an Error with the
 * `errno` of the system.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { errno, SystemError } from "../../io/errno.ts";
import { libc } from "../../io/libc.ts";

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

export interface FileStatus {
  readonly isFile: boolean;
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
}

/** Files are numbers returned by `open` and `create`. */
export interface Disk {
  /**
   * Opens an existing path, for writing too when it is a regular file; null when nothing exists.
   */
  open(path: string): number | null;
  /** Creates a file, replacing one of this name. */
  create(path: string): number;
  close(file: number): void;
  /** Exclusively for this process, or an error: two writers would spoil each other's records. */
  lock(file: number, path: string): void;
  /** Writes the time of the last change: a pure test whether the disk accepts writes. */
  touch(file: number): void;
  status(file: number): FileStatus;
  /** null when nothing exists. */
  statusOf(path: string): FileStatus | null;
  /** At most `length` bytes from `at` on. */
  read(file: number, at: number, length: number): Uint8Array;
  write(file: number, bytes: Uint8Array, at: number): void;
  truncate(file: number, size: number): void;
  /** Reserves the blocks of the first `size` bytes. */
  allocate(file: number, size: number, path: string): void;
  syncData(file: number): void;
  sync(file: number): void;
  syncDirectory(path: string): void;
  rename(from: string, to: string): void;
  remove(path: string): void;
  list(directory: string): string[];
}

/** The disk itself: every call takes as long as it does. */
export class LocalDisk implements Disk {
  open(path: string): number | null {
    const found = this.statusOf(path);
    if (found === null) return null;
    // Anything but a regular file is only read.
    const mode = found.isFile ? constants.O_RDWR : constants.O_RDONLY;
    return openSync(path, mode | constants.O_NONBLOCK | constants.O_NOCTTY);
  }

  create(path: string): number {
    rmSync(path, { force: true });
    return openSync(path, "wx+", 0o644);
  }

  close(file: number): void {
    closeSync(file);
  }

  lock(file: number, path: string): void {
    if (libc.flock(file, LOCK_EX | LOCK_NB) !== 0) throw new SystemError("flock", errno(), path);
  }

  touch(file: number): void {
    const now = new Date();
    futimesSync(file, now, now);
  }

  status(file: number): FileStatus {
    const found = fstatSync(file);
    return { isFile: found.isFile(), size: found.size, dev: found.dev, ino: found.ino };
  }

  statusOf(path: string): FileStatus | null {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return null; // nor does its directory exist
    return { isFile: found.isFile(), size: found.size, dev: found.dev, ino: found.ino };
  }

  read(file: number, at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = readSync(file, bytes, done, length - done, at + done);
      if (count === 0) break;
      done += count;
    }
    return done === length ? bytes : bytes.slice(0, done);
  }

  write(file: number, bytes: Uint8Array, at: number): void {
    for (let done = 0; done < bytes.length; )
      done += writeSync(file, bytes, done, bytes.length - done, at + done);
  }

  truncate(file: number, size: number): void {
    ftruncateSync(file, size);
  }

  allocate(file: number, size: number, path: string): void {
    const refused = libc.posix_fallocate(file, 0, size);
    if (refused !== 0) throw new SystemError("posix_fallocate", refused, path);
  }

  syncData(file: number): void {
    fdatasyncSync(file);
  }

  sync(file: number): void {
    fsyncSync(file);
  }

  syncDirectory(path: string): void {
    const directory = openSync(path, "r");
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }

  rename(from: string, to: string): void {
    renameSync(from, to);
  }

  remove(path: string): void {
    rmSync(path, { force: true });
  }

  list(directory: string): string[] {
    return readdirSync(directory);
  }
}
