/**
 * The temporary directory of one run of the rig, and its traces on the machine. A directory names
 * the process that owns it, so that the next run can remove what a killed one left.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processesIn, startTicksOf } from "./process-table.ts";

const PREFIX = "wingman-rig-";
/** One file for each machine: a process of it, as the processes of the aircraft are numbered. */
export const MACHINES_DIRECTORY = "machines";

const OWNER_FILE = "owner.json";

/**
 * Sockets of the aircraft lie below the directory, and the path of a Unix socket has at most 107
 * bytes.
 */
const PATH_BYTES_MAX = 48;

/**
 * A directory without an owner's name is somebody's who has not written it yet, unless it is this
 * old.
 */
const ANONYMOUS_MS_MAX = 60_000;

export interface RigOwner {
  pid: number;
  startTicks: string;
  /** The process inside the namespaces, as this machine numbers it; null before it has started. */
  aircraftPid: number | null;
}

const parent = (): string =>
  Buffer.byteLength(tmpdir()) > PATH_BYTES_MAX - PREFIX.length - 8 ? "/tmp" : tmpdir();

/** The directory of the rig that is process `pid`. */
export const rigDirectory = (pid: number): string => join(parent(), `${PREFIX}${pid}`);

/** Makes the directory of this process, readable by its user alone. */
export function makeRigDirectory(): string {
  const directory = rigDirectory(process.pid);
  // of an earlier process with this number: the owner file would say so
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

/** Directories of rigs that are running, with their owners. */
export function runningRigs(): { directory: string; owner: RigOwner }[] {
  return rigDirectories().flatMap((directory) => {
    const owner = ownerOf(directory);
    return owner !== null && isAlive(owner) ? [{ directory, owner }] : [];
  });
}

/** Removes the directories of rigs that were killed. Returns them. */
export function sweepDirectories(): string[] {
  const dead = rigDirectories().filter((directory) => {
    const owner = ownerOf(directory);
    return owner === null ? ageMs(directory) > ANONYMOUS_MS_MAX : !isAlive(owner);
  });
  return dead.filter((directory) => {
    try {
      rmSync(directory, { recursive: true, force: true });
      return true;
    } catch {
      return false; // another user's
    }
  });
}

/**
 * What is left of namespaces on this machine: processes in them, and places where they are mounted.
 */
export function namespaceLeftovers(namespaces: ReadonlySet<string>): {
  processes: number[];
  mounts: string[];
} {
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => [...namespaces].some((namespace) => line.includes(` ${namespace} `)))
    .map((line) => line.split(" ")[4] ?? "");
  return { processes: processesIn(namespaces), mounts };
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
