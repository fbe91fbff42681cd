/**
 * Finds out who else uses a serial line, from what any process may see: whose controlling terminal
 * it is (getty and logins on it), who has locked it, and the open files of processes without higher
 * privileges.
 */
import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from "node:fs";

/** A node of the file system, and the device that it stands for. */
export type LineNode = Pick<Stats, "rdev" | "dev" | "ino">;

export interface ProcessTable {
  /** Process ids. */
  pids(): number[];
  /** A file of a process, such as `stat`; null when it is not readable or the process has ended. */
  file(pid: number, name: string): string | null;
  /** Nodes that the process has open under the name `path`; none when not visible. */
  open(pid: number, path: string): LineNode[];
  /** Content of /proc/locks. */
  locks(): string;
}

/** The user, such as `agetty (pid 812)`; null when nobody is visible. */
export function lineUser(
  device: string,
  table: ProcessTable = PROCESSES,
  { rdev, dev, ino }: LineNode = statSync(device),
  self = process.pid,
): string | null {
  const holder = lockHolder(table.locks(), dev, ino);
  const others = table.pids().filter((pid) => pid !== self);
  const found = others.find(
    (pid) =>
      pid === holder ||
      terminalOf(table.file(pid, "stat")) === rdev ||
      // In a program's own mount namespace that name may stand for another line.
      table.open(pid, device).some((node) => node.dev === dev && node.ino === ino),
  );
  return found === undefined
    ? null
    : `${table.file(found, "comm")?.trim() ?? "a program"} (pid ${found})`;
}

/**
 * Device number of the controlling terminal; 0 for none. Seventh field of proc(5) stat, counted
 * behind the name in brackets, which may hold anything.
 */
function terminalOf(stat: string | null): number {
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields?.[4] ?? 0);
}

/**
 * Process that has locked the file with flock(2); lines of proc(5) locks name it as
 * major:minor:inode.
 */
function lockHolder(locks: string, dev: number, ino: number): number | null {
  const hexadecimal = (value: number): string => value.toString(16).padStart(2, "0");
  const minor = (dev & 0xff) | ((dev >>> 12) & 0xfff00);
  const file = `${hexadecimal((dev >>> 8) & 0xfff)}:${hexadecimal(minor)}:${ino}`;
  for (const line of locks.split("\n")) {
    const [, kind, , , pid, where] = line.split(/\s+/);
    if (kind === "FLOCK" && where === file) return Number(pid);
  }
  return null;
}

const PROCESSES: ProcessTable = {
  pids: () =>
    readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0),
  file: (pid, name) => {
    try {
      return readFileSync(`/proc/${pid}/${name}`, "latin1");
    } catch {
      return null;
    }
  },
  open: (pid, path) => {
    try {
      const directory = `/proc/${pid}/fd`;
      return readdirSync(directory)
        .map((fd) => `${directory}/${fd}`)
        .filter((link) => readlinkSync(link) === path)
        .map((link) => statSync(link));
    } catch {
      return [];
    }
  },
  locks: () => readFileSync("/proc/locks", "latin1"),
};
