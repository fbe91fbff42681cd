/** Servers with another table are no peers (PROTOCOL.md, "Another table"). */

import { PHASE_ACTIVE, PHASE_DRAINING } from "../boundary/phase.ts";
import { FLAG_OWNS } from "../wire/keep-alive.ts";
import { lowest, type Membership } from "./membership.ts";

/**
 * Whether this server gives way to those with another table. Whoever serves goes on; a newcomer
 * stays passive. If both sides serve, or both are new, the larger goes on, or on a tie the one with
 * the lowest server index. Members report the size of their side, so both compare the same numbers
 * whoever hears whom.
 * @param serving this server is active or draining
 */
export function yieldsToForeignTable(
  membership: Membership,
  self: number,
  serving: boolean,
): boolean {
  if (membership.incompatible === 0) return false;
  const ours = membership.heard | (1 << self);
  let foreign = 0;
  let foreignServes = false;
  for (let left = membership.incompatible; left !== 0; left &= left - 1) {
    const { sender, heard, phase, flags } = membership.latest(lowest(left));
    foreign |= (1 << sender) | heard;
    if (phase === PHASE_ACTIVE || phase === PHASE_DRAINING) foreignServes = true;
    if ((flags & FLAG_OWNS) !== 0) foreignServes = true; // it is still letting go
  }
  if (serving && !foreignServes) return false;
  if (!serving && foreignServes) return true;
  const more = countOf(foreign) - countOf(ours);
  return more > 0 || (more === 0 && lowestOf(foreign) < lowestOf(ours));
}

/** How many servers a mask names. */
function countOf(servers: number): number {
  let count = 0;
  for (let left = servers; left !== 0; left &= left - 1) count++;
  return count;
}

/** The bit of the lowest server in a mask. */
function lowestOf(servers: number): number {
  return servers & -servers;
}
