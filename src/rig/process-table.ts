/**
 * Information in /proc about processes. Every process may be gone at the next look; then it is left
 * out.
 */
import { readFileSync, readlinkSync } from "node:fs";
import { processIds, processStat } from "../supervisor/process-stat.ts";

/** Children of process `parent`. */
export function childrenOf(parent: number): number[] {
  return processIds().filter((pid) => parentOf(pid) === parent);
}

/** Parent of a process; 0 when it has none in this namespace, null when the process is gone. */
export function parentOf(pid: number): number | null {
  return processStat(pid)?.parent ?? null;
}

/**
 * Start time of a process in ticks since boot: together with its number it identifies the process
 * for ever. Null when it is gone.
 */
export function startTicksOf(pid: number): string | null {
  return processStat(pid)?.startTicks ?? null;
}

/** Program and arguments; empty when it is gone. */
export function argumentsOf(pid: number): string[] {
  return (readProcessFile(pid, "cmdline") ?? "").split("\0").slice(0, -1);
}

/** Name of the program that a process executes now, null when it is gone. */
export function programOf(pid: number): string | null {
  return readProcessFile(pid, "comm")?.trim() ?? null;
}

type NamespaceKind = "net" | "pid";

/**
 * Identity of a namespace of a process, such as `net:[4026532008]`, null when it is gone or not
 * ours.
 */
export function namespaceOf(pid: number | "self", kind: NamespaceKind): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return null;
  }
}

/** Processes in a namespace that something keeps: the number of one that is gone is reused. */
export function processesIn(kind: NamespaceKind, namespace: string): number[] {
  return processIds().filter((pid) => namespaceOf(pid, kind) === namespace);
}

function readProcessFile(pid: number, name: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return null;
  }
}
