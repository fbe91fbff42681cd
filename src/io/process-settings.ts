/**
 * Applies the configured settings of a function to its process at the start: user, capabilities,
 * limits and others. The order matters: steps that need privileges come before these are dropped.
 */
import { readFileSync, writeFileSync } from "node:fs";
import {
  CAPABILITY_NAMES,
  capabilityMask,
  SERVICE_CAPABILITIES,
} from "../config/capability-names.ts";
import type { ProcessSettings } from "../config/model.ts";
import { ENOENT, EPERM, errno } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

// setrlimit(2), the same on x86-64 and arm64.
const RESOURCES = { core: 4, nproc: 6, nofile: 7, memlock: 8, rtprio: 14 } as const;
const PRIO_PROCESS = 0;

// prctl(2), capabilities(7).
const PR_SET_KEEPCAPS = 8;
const PR_GET_NO_NEW_PRIVS = 39;
const PR_CAPBSET_DROP = 24;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_RAISE = 2;
const CAPABILITY_VERSION_3 = 0x2008_0522;
const HEADER_BYTES = 8;
const DATA_BYTES = 24;

/** What was refused; null when nothing was. */
export interface Refusal {
  readonly what: string;
  readonly errno: number;
}

/** A user as in /etc/passwd and /etc/group. */
export interface User {
  readonly name: string;
  readonly id: number;
  readonly group: number;
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * Applies `settings`. A requested setting is never skipped silently; defaults of a function that
 * requests nothing are applied as far as this process may.
 */
export function applySettings(settings: ProcessSettings): Refusal | null {
  const user = settings.user === null ? null : findUser(settings.user);
  if (user === undefined)
    return { what: `find user ${settings.user} in /etc/passwd`, errno: ENOENT };
  return (
    setLimits(settings) ??
    setOomScore(settings) ??
    setNice(settings) ??
    limitCapabilities(settings) ??
    (user === null || isOneself(user)
      ? keepAsked(settings.capabilities)
      : becomeUser(user, settings.capabilities)) ??
    enter(settings)
  );
}

/** A daemon that is not root cannot set a user's groups, and keeps its own. */
const isOneself = ({ id }: User): boolean => id !== 0 && id === process.geteuid?.();

/** Environment variables that describe the user to a program. */
export function userEnvironment(name: string | null): Record<string, string> {
  const user = name === null ? undefined : findUser(name);
  if (user === undefined) return {};
  return { HOME: user.home, USER: user.name, LOGNAME: user.name };
}

/** Finds a user by name or number; a number needs no entry. Undefined when there is none. */
export function findUser(
  wanted: string,
  passwd = textOf("/etc/passwd"),
  group = textOf("/etc/group"),
): User | undefined {
  const isNumber = /^\d+$/.test(wanted);
  const row = rowsOf(passwd).find(([name, , id]) => (isNumber ? id === wanted : name === wanted));
  if (row === undefined) {
    if (!isNumber) return undefined;
    const id = Number(wanted);
    return { name: wanted, id, group: id, groups: [id], home: "/" };
  }
  const [name = "", , id, own, , home = "/"] = row;
  const others = rowsOf(group).flatMap(([, , number, members = ""]) =>
    members.split(",").includes(name) ? [Number(number)] : [],
  );
  const groups = [...new Set([Number(own), ...others])];
  return { name, id: Number(id), group: Number(own), groups, home };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // a system without the file has no names
  }
}

function rowsOf(text: string): string[][] {
  return text.split("\n").map((line) => line.split(":"));
}

/** A program may raise its soft limit of open files itself, as is customary; none of the others. */
function setLimits({ limits }: ProcessSettings): Refusal | null {
  const memory = new NativeMemory(16); // struct rlimit: u64 soft, u64 hard
  for (const [name, resource] of Object.entries(RESOURCES)) {
    const wanted = limits[name as keyof typeof RESOURCES];
    if (wanted === undefined) continue;
    if (libc.getrlimit(resource, memory.address) < 0) return refusal(`read limit ${name}`);
    const soft = BigInt(wanted);
    const hard = memory.view.getBigUint64(8, true);
    memory.view.setBigUint64(0, soft, true);
    if (soft > hard || name !== "nofile") memory.view.setBigUint64(8, soft, true);
    if (libc.setrlimit(resource, memory.address) < 0)
      return refusal(`set limit ${name} to ${wanted}`);
  }
  return null;
}

function setOomScore({ oomScoreAdjust }: ProcessSettings): Refusal | null {
  try {
    writeFileSync("/proc/self/oom_score_adj", String(oomScoreAdjust));
    return null;
  } catch (error) {
    // The value is below this process's own minimum: unless it was requested, it stays unchanged.
    if (oomScoreAdjust === 0) return null;
    const { errno: code = 0 } = error as NodeJS.ErrnoException;
    return { what: `set oom_score_adj to ${oomScoreAdjust}`, errno: Math.abs(code) };
  }
}

function setNice({ nice }: ProcessSettings): Refusal | null {
  if (libc.setpriority(PRIO_PROCESS, 0, nice) === 0 || nice === 0) return null;
  return refusal(`set nice to ${nice}`);
}

/**
 * The bounding set limits what root gains by executing a program, and what anybody gains by
 * executing one of root's.
 */
function limitCapabilities({ capabilities }: ProcessSettings): Refusal | null {
  const kept = capabilityMask(capabilities ?? SERVICE_CAPABILITIES);
  for (const [bit, name] of CAPABILITY_NAMES.entries()) {
    if (((kept >> BigInt(bit)) & 1n) !== 0n) continue;
    // EINVAL: an older kernel lacks the capability. EPERM: this process lacks CAP_SETPCAP.
    if (libc.prctl(PR_CAPBSET_DROP, bit, 0, 0, 0) < 0 && errno() === EPERM) {
      if (capabilities === null || gainsNothing()) return null;
      return { what: `give up ${name}`, errno: EPERM };
    }
  }
  return null;
}

/** Whether executed programs never have more than this process, whatever the bounding set. */
function gainsNothing(): boolean {
  return process.geteuid?.() !== 0 && libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) === 1;
}

/**
 * A daemon that is not root passes its capabilities on as ambient ones: a program keeps those that
 * were requested. Root's are limited by the bounding set.
 */
function keepAsked(capabilities: readonly string[] | null): Refusal | null {
  return process.geteuid?.() === 0 ? null : keepCapabilities(capabilities ?? []);
}

/**
 * setuid(2) of libc acts on all threads; capabilities are set for the calling thread, which
 * executes.
 */
function becomeUser(user: User, capabilities: readonly string[] | null): Refusal | null {
  const groups = new NativeMemory(4 * Math.max(1, user.groups.length));
  for (const [place, group] of user.groups.entries()) groups.view.setUint32(4 * place, group, true);
  if (libc.setgroups(user.groups.length, groups.address) < 0)
    return refusal(`take the groups of user ${user.name}`);
  if (libc.setgid(user.group) < 0) return refusal(`take the group of user ${user.name}`);
  const kept = user.id === 0 ? [] : (capabilities ?? []);
  if (kept.length > 0 && libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
    return refusal("keep capabilities");
  if (libc.setuid(user.id) < 0) return refusal(`become user ${user.name}`);
  return kept.length > 0 ? keepCapabilities(kept) : null;
}

/** Executed programs keep ambient capabilities (Linux 4.3). */
function keepCapabilities(names: readonly string[]): Refusal | null {
  const header = new NativeMemory(HEADER_BYTES);
  header.view.setUint32(0, CAPABILITY_VERSION_3, true);
  const mask = capabilityMask(names);
  const data = new NativeMemory(DATA_BYTES);
  for (const set of [0, 4, 8]) {
    data.view.setUint32(set, Number(mask & 0xffff_ffffn), true);
    data.view.setUint32(12 + set, Number(mask >> 32n), true);
  }
  if (libc.capset(header.address, data.address) < 0)
    return refusal(`have ${names.join(", ") || "no capability"}`);
  for (const [bit, name] of CAPABILITY_NAMES.entries()) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    if (libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0) < 0)
      return refusal(`keep ${name}`);
  }
  return null;
}

function enter({ umask, workingDirectory }: ProcessSettings): Refusal | null {
  libc.umask(Number.parseInt(umask, 8));
  if (libc.chdir(nativeString(workingDirectory).address) === 0) return null;
  return refusal(`enter ${workingDirectory}`);
}

/** Call in the statement after the failed call. */
function refusal(what: string): Refusal {
  return { what, errno: errno() };
}
