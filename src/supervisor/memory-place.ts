/**
 * Where the files of a run lie when its directory is on a disk. A disk may stall, and the flight
 * loop writes its snapshot all the time: so they lie in memory, and links in the run directory lead
 * to them.
 */
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { libc } from "../io/libc.ts";
import { mountOf } from "../io/mount.ts";

const SHARED_MEMORY = "/dev/shm";
const PREFIX = "wingman-";
/** In the run directory, the link to where the files lie. */
export const MEMORY_LINK = "memory";

/** File systems that have no disk. */
const MEMORY_TYPES: readonly (string | undefined)[] = ["tmpfs", "ramfs", "devtmpfs"];

/** One so old has its lock, or nobody lives who had it. */
const BEGUN_MS = 60_000;

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Whether a directory that is there lies in memory. */
export function isInMemory(directory: string): boolean {
  return MEMORY_TYPES.includes(mountOf(realpathSync(directory))?.type);
}

/**
 * For the holder of the run directory: the directory in memory in which the files `names` lie, and
 * links to them; the one of the run before when that was killed. null: this machine has no such
 * place.
 */
export function memoryPlace(runDirectory: string, names: readonly string[]): string | null {
  if (!isThere(SHARED_MEMORY) || !isInMemory(SHARED_MEMORY)) return null;
  const link = join(runDirectory, MEMORY_LINK);
  const before = linkTarget(link);
  const isUsedAgain = before !== null && isOurs(before);
  // Young again: nobody takes it for dead before it has its lock.
  if (isUsedAgain) utimesSync(before, new Date(), new Date());
  removeDead();
  if (isUsedAgain) return before;
  const place = mkdtempSync(join(SHARED_MEMORY, PREFIX));
  chmodSync(place, 0o755);
  linkTo(link, place);
  for (const name of names) linkTo(join(runDirectory, name), join(MEMORY_LINK, name));
  return place;
}

/** What killed runs left whose directories were never used again. */
function removeDead(): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    if (!name.startsWith(PREFIX)) continue;
    try {
      removeIfDead(join(SHARED_MEMORY, name));
    } catch {
      // Its run ends just now, or another one that starts removes it.
    }
  }
}

/** With its lock: nobody takes it into use meanwhile. */
function removeIfDead(place: string): void {
  if (!isOurs(place) || Date.now() - lstatSync(place).mtimeMs < BEGUN_MS) return;
  const lock = join(place, "lock");
  const descriptor = isThere(lock) ? openSync(lock, "r") : null;
  try {
    if (descriptor !== null && libc.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) return;
    rmSync(place, { recursive: true, force: true });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Anybody may make something in shared memory: only a directory of this user is used. */
function isOurs(place: string): boolean {
  const found = lstatSync(place, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Where a link leads; null: it is none. */
export function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

/** A link in place of whatever has its name. */
export function linkTo(link: string, target: string): void {
  rmSync(link, { force: true, recursive: true });
  symlinkSync(target, link);
}
