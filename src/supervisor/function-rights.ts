/**
 * Rights that functions request but cannot get because the daemon does not have them: its unit
 * decides what it may pass on.
 */
import { readFileSync } from "node:fs";
import {
  CAPABILITY_NAMES,
  capabilityMask,
  SERVICE_CAPABILITIES,
} from "../config/capability-names.ts";
import type { FunctionConfig } from "../config/model.ts";
import { findUser } from "../io/process-settings.ts";

/** Rights that a function's process requests. */
export type RightsAsked = Pick<FunctionConfig, "id" | "command" | "user" | "capabilities">;

export interface RightsMissing {
  readonly functionId: string;
  /** Names of capabilities(7). */
  readonly capabilities: readonly string[];
}

/** Needed to become another user, and to stop processes of another user. */
const USER_CAPABILITIES: readonly string[] = ["CAP_SETUID", "CAP_SETGID", "CAP_KILL"];

/** Rights that the daemon may pass on. */
export interface RightsToGive {
  /** Effective user of the daemon. */
  readonly userId: number;
  readonly capabilities: bigint;
}

/**
 * Reads `status`, the text of /proc/self/status. Root passes on its bounding set, because any
 * program it executes gains that; another user passes on its own capabilities.
 */
export function rightsToGive(
  status: string = readFileSync("/proc/self/status", "utf8"),
): RightsToGive {
  const userId = Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1] ?? "0");
  const set = userId === 0 ? "CapBnd" : "CapPrm";
  const mask = new RegExp(`^${set}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0";
  return { userId, capabilities: BigInt(`0x${mask}`) };
}

/** One entry for each function whose process cannot get all it requests. */
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

/** By default a function of root gets the rights of services. */
function asked({ user, capabilities }: RightsAsked, daemon: number): readonly string[] {
  const isOther = user !== null && findUser(user)?.id !== daemon;
  const ofUser = isOther ? USER_CAPABILITIES : [];
  if (capabilities === null) return isOther || daemon !== 0 ? ofUser : SERVICE_CAPABILITIES;
  // Root must drop all others.
  return [...ofUser, ...capabilities, ...(daemon === 0 ? ["CAP_SETPCAP"] : [])];
}

/** Messages for the start, one per line; none when every function gets what it requests. */
export function rightsMessages(
  missing: readonly RightsMissing[],
  { userId }: RightsToGive = rightsToGive(),
): string[] {
  const own = findUser(String(userId))?.name ?? String(userId);
  const lines = missing.map(
    ({ functionId, capabilities }) =>
      `function ${functionId} cannot have ${capabilities.join(", ")}: not granted to the daemon ('wingman help processes')`,
  );
  return userId === 0
    ? lines
    : [`functions that name no user run as ${own}, not as root`, ...lines];
}
