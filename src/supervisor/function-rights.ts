/**
 * What functions ask for and cannot have, because the daemon has not been given it: its unit decides
 * what it may hand on.
 */
import { readFileSync } from "node:fs";
import {
  CAPABILITY_NAMES,
  capabilityMask,
  SERVICE_CAPABILITIES,
} from "../config/capability-names.ts";
import type { FunctionConfig } from "../config/model.ts";
import { findUser } from "../io/process-settings.ts";

/** What a function's process is to be. */
export type RightsAsked = Pick<FunctionConfig, "id" | "command" | "user" | "capabilities">;

export interface RightsMissing {
  readonly functionId: string;
  /** Names of capabilities(7). */
  readonly capabilities: readonly string[];
}

/** To become another user, and to stop what has become one. */
const USER_CAPABILITIES: readonly string[] = ["CAP_SETUID", "CAP_SETGID", "CAP_KILL"];

/** What the daemon may hand on. */
export interface RightsToGive {
  /** Its effective user. */
  readonly userId: number;
  readonly capabilities: bigint;
}

/**
 * By `status`, the text of /proc/self/status: root hands on its bounding set, by every program that
 * is executed; another user what it has itself.
 */
export function rightsToGive(
  status: string = readFileSync("/proc/self/status", "utf8"),
): RightsToGive {
  const userId = Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1] ?? "0");
  const set = userId === 0 ? "CapBnd" : "CapPrm";
  const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
  return { userId, capabilities: BigInt(`0x${mask}`) };
}

/** One for each function with a process that cannot have all it asks for. */
export function missingRights(
  functions: readonly RightsAsked[],
  rights: RightsToGive = rightsToGive(),
): RightsMissing[] {
  return functions.flatMap((entry) => {
    if (entry.command === null) return [];
    const missing = capabilityMask(asked(entry, rights.userId)) & ~rights.capabilities;
    const capabilities = CAPABILITY_NAMES.filter(
      (_, bit) => ((missing >> BigInt(bit)) & 1n) === 1n,
    );
    return capabilities.length === 0 ? [] : [{ functionId: entry.id, capabilities }];
  });
}

/** A function of root's that asks for nothing may do what services do. */
function asked({ user, capabilities }: RightsAsked, daemon: number): readonly string[] {
  const isOther = user !== null && findUser(user)?.id !== daemon;
  const ofUser = isOther ? USER_CAPABILITIES : [];
  if (capabilities === null) return isOther || daemon !== 0 ? ofUser : SERVICE_CAPABILITIES;
  // Root has all others taken away from it.
  return [...ofUser, ...capabilities, ...(daemon === 0 ? ["CAP_SETPCAP"] : [])];
}

/** What is to be said of it at the start, a line each; none: every function has what it asks for. */
export function rightsMessages(
  missing: readonly RightsMissing[],
  { userId }: RightsToGive = rightsToGive(),
): string[] {
  const own = findUser(String(userId))?.name ?? String(userId);
  const lines = missing.map(
    ({ functionId, capabilities }) =>
      `function ${functionId} cannot have ${capabilities.join(", ")}: the daemon has not ('wingman help processes')`,
  );
  return userId === 0
    ? lines
    : [`functions that name no user run as ${own}, not as root`, ...lines];
}
