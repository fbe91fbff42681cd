/**
 * Temporary directory of one run of the rig, and its traces on the machine. A directory names its
 * owner process, so that the next run can remove the leftovers of a killed one.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeMemoryPlace } from "../supervisor/memory-place.ts";
import { startTicksOf } from "./process-table.ts";

const PREFIX = "wingman-rig-";
/** One file per machine: one of its processes, as numbered inside the aircraft. */
export const MACHINES_DIRECTORY = "machines";

const SERVERS_DIRECTORY = "servers";
const OWNER_FILE = "owner.json";

/**
 * Sockets of the aircraft are below the directory, and the path of a Unix socket has at most 107
 * bytes.
 */
const PATH_BYTES_MAX = 48;

/** The owner of a directory without a name may not have written it yet, unless it is this old. */
const ANONYMOUS_MS_MAX = 60_000;

export interface RigOwner {
  pid: number;
  startTicks: string;
  /** The process inside the namespaces, as numbered on this machine; null before it has started. */
  aircraftPid: number | null;
}

const parent = (): string =>
  Buffer.byteLength(tmpdir()) > PATH_BYTES_MAX - PREFIX.length - 8 ? "/tmp" : tmpdir();

/** Directory of the rig with process id `pid`. */
export const rigDirectory = (pid: number): string => join(parent(), `${PREFIX}${pid}`);

/** Makes the directory of this process, readable by its user alone. */
export function makeRigDirectory(): string {
  const directory = rigDirectory(process.pid);
  // left by an earlier process with this number, otherwise the owner file would exist
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { mode: 0o700 });
  writeOwner(directory, null);
  return directory;
}

export function writeOwner(directory: string, aircraftPid: number | null): void {
  const owner: RigOwner = {
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? "",
    aircraftPid,
  };
  writeFileSync(join(directory, OWNER_FILE), JSON.stringify(owner));
}

/** Directories of running rigs, with their owners. */
export function runningRigs(): { directory: string; owner: RigOwner }[] {
  return rigDirectories().flatMap((directory) => {
    const owner = ownerOf(directory);
    return owner !== null && isAlive(owner) ? [{ directory, owner }] : [];
  });
}

/** Where the server `id` keeps what it is; its run directory is `run` in it. */
export const serverDirectory = (directory: string, id: string): string =>
  join(directory, SERVERS_DIRECTORY, id);

/** Removes the directory of a rig, and what its servers had in memory. */
export function removeRigDirectory(directory: string): void {
  const servers = join(directory, SERVERS_DIRECTORY);
  for (const id of existsSync(servers) ? readdirSync(servers) : [])
    removeMemoryPlace(join(serverDirectory(directory, id), "run"));
  rmSync(directory, { recursive: true, force: true });
}

/** Removes the directories of rigs that were killed. Returns them. */
export function sweepDirectories(): string[] {
  const dead = rigDirectories().filter((directory) => {
    const owner = ownerOf(directory);
    return owner === null ? ageMs(directory) > ANONYMOUS_MS_MAX : !isAlive(owner);
  });
  return dead.filter((directory) => {
    try {
      removeRigDirectory(directory);
      return true;
    } catch {
      return false; // another user's
    }
  });
}

/** Where something is mounted at or below a directory, in this mount namespace. */
export function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((place) => `${place}/`.startsWith(`${directory}/`));
}

function rigDirectories(): string[] {
  return readdirSync(parent())
    .filter((name) => name.startsWith(PREFIX) && /^\d+$/.test(name.slice(PREFIX.length)))
    .map((name) => join(parent(), name));
}

function ownerOf(directory: string): RigOwner | null {
  try {
    return JSON.parse(readFileSync(join(directory, OWNER_FILE), "utf8")) as RigOwner;
  } catch {
    return null;
  }
}

const isAlive = ({ pid, startTicks }: RigOwner): boolean => startTicksOf(pid) === startTicks;

function ageMs(directory: string): number {
  try {
    return Date.now() - statSync(directory).mtimeMs;
  } catch {
    return 0; // gone meanwhile
  }
}
