/**
 * Everything that a run of the tests, a benchmark or the soak makes on the machine carries the mark
 * of that run, so that a later run can distinguish the leftovers of a dead run from what a live one
 * needs. Processes have it in their environment, network namespaces and directories in their names.
 */
import { mkdtempSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { isRunning, type ProcessStat, processStat } from "../../src/supervisor/process-stat.ts";

/** The environment variable with the mark. */
export const RUN_VARIABLE = "WINGMAN_TEST_RUN";

const PREFIX = "wmt";
const TMPDIR_BYTES_MAX = 20;
const NAME = /^wmt(\d+\.[0-9a-z]+\.[0-9a-z]+(?:\.\d)?)(-.*)?$/;
/** Number of the first process namespace of a machine (linux/proc_ns.h); the others follow. */
const FIRST_PID_NAMESPACE = 0xefff_fffc;

/**
 * The mark of this run: the one that this process was started with, or one of its own when it was
 * started by hand (`bun test FILE`) or by a run that is over.
 */
export function thisRun(): string {
  const inherited = process.env[RUN_VARIABLE];
  return inherited === undefined || isOver(inherited) ? beginRun() : inherited;
}

/** This process and what it starts from now on are a run of their own. Gives its mark. */
export function beginRun(): string {
  const mark = `${process.pid}.${startOf(processStat(process.pid))}.${pidNamespace()}`;
  process.env[RUN_VARIABLE] = mark;
  return mark;
}

/** The mark of a part of a run that is over when the run is: of 0 to 9, such as `12.a4.0.1`. */
export function partOf(mark: string, part: number): string {
  return `${mark}.${part}`;
}

/** For the processes of this run that do not inherit the environment. */
export function runEnvironment(): Record<string, string> {
  return { [RUN_VARIABLE]: thisRun() };
}

/**
 * Whether the process that began the run has ended. Its number alone would not say so: it may have
 * been given to another process. Of a process namespace that is not ours nothing is known, so its
 * runs are not over.
 */
export function isOver(mark: string): boolean {
  const [pid = "", start, namespace] = mark.split(".");
  if (namespace !== pidNamespace()) return false;
  const stat = processStat(Number(pid));
  return !isRunning(stat) || startOf(stat) !== start;
}

/** A name that belongs to this run: short, for there are paths and messages with a limit. */
export function runName(label: string): string {
  return `${PREFIX}${thisRun()}-${label}`;
}

/** The run to which a name belongs; null when to none. */
export function runOfName(name: string): string | null {
  return NAME.exec(name)?.[1] ?? null;
}

/** The directory of a run of the runner, in which everything lies that its suites write. */
export function runDirectory(mark: string, parent = shortTmpdir()): string {
  return join(parent, `${PREFIX}${mark}`);
}

/** A new directory, such as for one test. */
export function scratchDirectory(label: string, parent = tmpdir()): string {
  const isInside = runOfName(basename(parent)) === thisRun();
  return mkdtempSync(join(parent, isInside ? `${label}-` : runName(`${label}-`)));
}

/** Unix sockets lie several directories below, and the path of one has at most 107 bytes. */
function shortTmpdir(): string {
  return Buffer.byteLength(tmpdir()) > TMPDIR_BYTES_MAX ? "/tmp" : tmpdir();
}

const startOf = (stat: ProcessStat | null): string => Number(stat?.startTicks).toString(36);

function pidNamespace(): string {
  const number = Number(readlinkSync("/proc/self/ns/pid").replace(/\D/g, ""));
  return (number - FIRST_PID_NAMESPACE).toString(36);
}
