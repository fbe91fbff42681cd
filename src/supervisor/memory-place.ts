/**
 * A place in memory for the files of a run whose directory is on a disk. A disk may stall, and the
 * flight loop writes its snapshot all the time. So the files are in memory, and links in the run
 * directory lead to them.
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
/** Link in the run directory to the place of the files. */
export const MEMORY_LINK = "memory";

/** File systems without a disk. */
const MEMORY_TYPES: readonly (string | undefined)[] = ["tmpfs", "ramfs", "devtmpfs"];

/** A directory this old has its lock, unless its owner is dead. */
const BEGUN_MS = 60_000;

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

/** Whether an existing directory is in memory. */
export function isInMemory(directory: string): boolean {
  return MEMORY_TYPES.includes(mountOf(realpathSync(directory))?.type);
}

/**
 * For the holder of the run directory: makes a directory in memory for the files `names`, and links
 * to them; reuses the directory of the previous run if that was killed. Returns null when this
 * machine has no such place.
 */
export function memoryPlace(runDirectory: string, names: readonly string[]): string | null {
  if (!isThere(SHARED_MEMORY) || !isInMemory(SHARED_MEMORY)) return null;
  const link = join(runDirectory, MEMORY_LINK);
  const before = linkTarget(link);
  const isUsedAgain = before !== null && isOurs(before);
  // Renewed: nobody takes it for dead before it has its lock.
  if (isUsedAgain) utimesSync(before, new Date(), new Date());
  removeDead();
  if (isUsedAgain) return before;
  const place = mkdtempSync(join(SHARED_MEMORY, PREFIX));
  chmodSync(place, 0o755);
  linkTo(link, place);
  for (const name of names) linkTo(join(runDirectory, name), join(MEMORY_LINK, name));
  return place;
}

/** Removes what a run that is over has left in memory. Its run directory is not used again. */
export function removeMemoryPlace(runDirectory: string): void {
  const place = linkTarget(join(runDirectory, MEMORY_LINK));
  if (place?.startsWith(join(SHARED_MEMORY, PREFIX)) && isOurs(place))
    rmSync(place, { recursive: true, force: true });
}

/** Removes leftovers of killed runs whose run directories were never used again. */
function removeDead(): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    if (!name.startsWith(PREFIX)) continue;
    try {
      removeIfDead(join(SHARED_MEMORY, name));
    } catch {
      // Its run is just ending, or another starting run removes it.
    }
  }
}

/** Takes its lock first, so that nobody starts to use it meanwhile. */
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

/** Anybody may create entries in shared memory: only a directory of this user is used. */
function isOurs(place: string): boolean {
  const found = lstatSync(place, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Target of a link; null when it is none. */
export function linkTarget(link: string): string | null {
  try {
    return readlinkSync(link);
  } catch {
    return null;
  }
}

/** Replaces whatever has this name by a link. */
export function linkTo(link: string, target: string): void {
  rmSync(link, { force: true, recursive: true });
  symlinkSync(target, link);
}
