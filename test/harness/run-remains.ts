/**
 * Leftovers of runs on the machine: processes, network namespaces, mounts and directories. A run
 * removes its own at the end; the next run removes those of a killed one.
 */
import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sweepDirectories } from "../../src/rig/rig-directory.ts";
import { isRunning, processIds, processStat } from "../../src/supervisor/process-stat.ts";
import { run } from "./command.ts";
import { isOver, RUN_VARIABLE, runDirectory, runOfName } from "./run-mark.ts";
import { signalAll } from "./signals.ts";

const NAMESPACES = "/run/netns";
/** Where tests make directories. */
const PLACES = [...new Set([tmpdir(), "/tmp", "/dev/shm"])];
/** In the directory of a run: where it was last. */
const PROGRESS = "progress";
const DEATH_DEADLINE_MS = 5000;
const POLL_MS = 20;

export interface Remains {
  processes: number[];
  /** Names of network namespaces. */
  namespaces: string[];
  directories: string[];
}

/** Leftovers of a run. This process and its ancestors do not count. */
export function remainsOf(mark: string): Remains {
  const isItsName = (name: string): boolean => runOfName(name) === mark;
  const namespaces = namesIn(NAMESPACES).filter(isItsName);
  return {
    processes: processesOf(mark, namespaces),
    namespaces,
    directories: PLACES.flatMap((place) =>
      namesIn(place)
        .filter(isItsName)
        .map((name) => join(place, name)),
    ),
  };
}

/** Removes what is there of a run. Gives what that was. */
export async function removeRun(mark: string): Promise<Remains> {
  const remains = remainsOf(mark);
  await endProcesses(mark, remains.namespaces);
  for (const name of remains.namespaces) removeNamespace(name);
  for (const directory of remains.directories) {
    for (const mount of mountsBelow(directory)) run("umount", mount);
    rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
  }
  // A rig that is killed together with the process inside leaves a directory under a name of its
  // own.
  if (remains.processes.length > 0) sweepDirectories();
  return remains;
}

/** Removes what dead runs have left, and only that. `tell` is given a line about each. */
export async function removeDeadRuns(tell: (line: string) => void): Promise<void> {
  for (const mark of runsSeen()) {
    if (!isOver(mark)) continue;
    const progress = progressOf(mark);
    const place = progress === null ? "" : `, which was last ${progress},`;
    const who = `an earlier run, process ${mark.split(".")[0]}${place}`;
    try {
      const found = remainsText(await removeRun(mark));
      if (found !== "") tell(`${who} left ${found}: removed`);
    } catch (error) {
      tell(`${who} left what cannot be removed: ${(error as Error).message}`);
    }
  }
}

/** In which a run of the runner notes where it is, for the one that finds its remains. */
export const progressFile = (mark: string): string => join(runDirectory(mark), PROGRESS);

/** `2 processes, 3 network namespaces, 1 directory`; empty when there is nothing. */
export function remainsText({ processes, namespaces, directories }: Remains): string {
  return [
    [processes.length, "process", "processes"],
    [namespaces.length, "network namespace", "network namespaces"],
    [directories.length, "directory", "directories"],
  ]
    .flatMap(([count, one, many]) => (count === 0 ? [] : `${count} ${count === 1 ? one : many}`))
    .join(", ");
}

/** The marks on everything that bears one. */
function runsSeen(): Set<string> {
  const names = [NAMESPACES, ...PLACES].flatMap(namesIn).map(runOfName);
  const marks = new Set([...names, ...processIds().map(markOfProcess)]);
  return new Set([...marks].filter((mark) => mark !== null));
}

function progressOf(mark: string): string | null {
  for (const place of PLACES) {
    try {
      return readFileSync(join(runDirectory(mark, place), PROGRESS), "utf8");
    } catch {
      // not there
    }
  }
  return null;
}

/**
 * Those with the mark, those in the run's network namespaces, and all that they have started: a
 * daemon gives its children an environment of their own.
 */
function processesOf(mark: string, namespaces: readonly string[]): number[] {
  const networks = new Set(namespaces.flatMap(networkOf));
  const all = processIds().flatMap((pid) => {
    const stat = processStat(pid);
    return stat !== null && isRunning(stat) ? [{ pid, parent: stat.parent }] : [];
  });
  const spared = new Set(lineage(process.pid));
  const found = all
    .map(({ pid }) => pid)
    .filter((pid) => !spared.has(pid))
    .filter((pid) => markOfProcess(pid) === mark || networks.has(networkOfProcess(pid)));
  const known = new Set([...found, ...spared]);
  for (const pid of found) {
    for (const child of all) {
      if (child.parent !== pid || known.has(child.pid)) continue;
      known.add(child.pid);
      found.push(child.pid);
    }
  }
  return found;
}

/** Kills until none is left: one may start another one meanwhile. */
async function endProcesses(mark: string, namespaces: readonly string[]): Promise<void> {
  const endMs = performance.now() + DEATH_DEADLINE_MS;
  for (;;) {
    const processes = processesOf(mark, namespaces);
    if (processes.length === 0) return;
    if (performance.now() > endMs) throw new Error(`outlived SIGKILL: ${processes.join(", ")}`);
    signalAll(processes, "SIGKILL");
    await Bun.sleep(POLL_MS);
  }
}

/** A process, its parent, and so on up to the first. */
function lineage(pid: number): number[] {
  const stat = pid > 0 ? processStat(pid) : null;
  return stat === null ? [] : [pid, ...lineage(stat.parent)];
}

/**
 * From its environment; or, of a daemon's child, which has another, from the paths that it was
 * given. Null when it has none, has ended, or is another user's.
 */
function markOfProcess(pid: number): string | null {
  const words = (file: string): string[] =>
    readFileSync(`/proc/${pid}/${file}`, "latin1").split("\0");
  try {
    const line = words("environ").find((variable) => variable.startsWith(`${RUN_VARIABLE}=`));
    if (line !== undefined) return line.slice(RUN_VARIABLE.length + 1);
    const names = words("cmdline").flatMap((word) => word.split("/"));
    return names.map(runOfName).find((mark) => mark !== null) ?? null;
  } catch {
    return null;
  }
}

/** `net:[4026532008]`; empty when it has ended, or is another user's. */
function networkOfProcess(pid: number | "self"): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return "";
  }
}

/** Never this process's own network, whatever a name stands for. */
function networkOf(namespace: string): string[] {
  try {
    const network = `net:[${statSync(join(NAMESPACES, namespace)).ino}]`;
    return network === networkOfProcess("self") ? [] : [network];
  } catch {
    return []; // gone meanwhile
  }
}

/** The last one first: one may lie on another. */
function mountsBelow(directory: string): string[] {
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[4] ?? "")
    .filter((mount) => mount.startsWith(`${directory}/`))
    .reverse();
}

/** Another run may remove the same one at the same time. */
function removeNamespace(name: string): void {
  try {
    run("ip", "netns", "del", name);
  } catch (error) {
    if (namesIn(NAMESPACES).includes(name)) throw error;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // it is not there
  }
}
