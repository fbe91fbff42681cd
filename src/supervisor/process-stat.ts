/** Information in /proc about the processes of this PID namespace. */
import { readdirSync, readFileSync } from "node:fs";

/** The fields of /proc/PID/stat that are used here, see proc(5). */
export interface ProcessStat {
  /** One letter; Z and X: the process has ended, and only its entry is left. */
  readonly state: string;
  /** 0: none in this namespace. */
  readonly parent: number;
  readonly group: number;
  /**
   * Start time in ticks since boot: together with the process number it identifies one process for
   * ever.
   */
  readonly startTicks: string;
}

/** Numbers of all processes. Each may be gone at the next look. */
export function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Null when the process is gone. */
export function processStat(pid: number): ProcessStat | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    return null;
  }
  // pid (comm) state ppid pgrp …; the name may contain spaces and parentheses: fields are counted
  // from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent, group] = fields;
  return { state, parent: Number(parent), group: Number(group), startTicks: fields[19] ?? "" };
}

/** Whether it still runs. A zombie does not: it holds no socket or file any more. */
export function isRunning(stat: ProcessStat | null): boolean {
  return stat !== null && stat.state !== "Z" && stat.state !== "X";
}
