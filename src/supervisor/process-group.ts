/** Process groups of Linux: every function's process leads one of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { assert } from "../assert.ts";

/** Sends `signal` to every process of the group. A group that is gone already is no error. */
export function signalGroup(groupId: number, signal: NodeJS.Signals): void {
  assert(groupId > 1, "0 and 1 stand for our own group and for everybody (kill(2))");
  signalIfAlive(-groupId, signal);
}

/** Sends `signal` to one process. A process that is gone already is no error. */
export function signalProcess(processId: number, signal: NodeJS.Signals): void {
  assert(processId > 1, "0 and 1 stand for our own group and for process 1");
  signalIfAlive(processId, signal);
}

function signalIfAlive(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Whether a process of the group still runs. Zombies do not count: they hold no socket and no file any more, and where
 * process 1 does not collect its orphans (some containers) they stay for ever.
 */
export function groupIsAlive(groupId: number): boolean {
  try {
    process.kill(-groupId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return readdirSync("/proc").some((name) => /^\d+$/.test(name) && isRunningMember(name, groupId));
}

function isRunningMember(processId: string, groupId: number): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${processId}/stat`, "latin1");
  } catch {
    return false; // ended meanwhile
  }
  // proc(5): pid (comm) state ppid pgrp …; the name may itself contain spaces and parentheses.
  const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(group) === groupId && state !== "Z" && state !== "X";
}
