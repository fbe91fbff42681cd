/**
 * Judges silence (patent [0027]; PROTOCOL.md, "Membership"). A server that is not heard for the
 * detection time has failed only if every server that we hear has lost it, too; otherwise it is
 * unreachable from here, and its functions are left alone.
 */

import type { FunctionTable } from "../allocation/function-table.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LOST,
  SERVER_UNREACHABLE,
} from "../boundary/server-state.ts";
import { MARK_CORROBORATED, MARK_UNREACHABLE, marks } from "../marks.ts";
import type { Membership } from "./membership.ts";

/**
 * Moves silent servers to unreachable, and these to lost once no server that is alive hears them.
 * Our own lateness is not held against them.
 * @param detectionUs silence after which a server counts as failed
 * @returns the earliest time in µs at which another server can time out, or the functions of a lost
 * one become free; Infinity: none
 */
export function detectFailures(
  table: FunctionTable,
  membership: Membership,
  nowUs: number,
  detectionUs: number,
): number {
  let dueUs = Number.POSITIVE_INFINITY;
  for (let server = 0; server < table.serverCount; server++) {
    const state = membership.state[server];
    if (state === SERVER_LOST && membership.answersUntilUs[server] > nowUs)
      dueUs = Math.min(dueUs, membership.answersUntilUs[server]);
    if (state !== SERVER_ALIVE && state !== SERVER_JOINING && state !== SERVER_INCOMPATIBLE)
      continue;
    const silentAtUs = membership.lastHeardUs[server] + membership.excusedUs[server] + detectionUs;
    if (nowUs < silentAtUs) {
      if (silentAtUs < dueUs) dueUs = silentAtUs;
      continue;
    }
    if (state !== SERVER_INCOMPATIBLE) marks[MARK_UNREACHABLE]++;
    // The change goes out at once: the others see that we no longer hear it.
    membership.setState(server, state === SERVER_INCOMPATIBLE ? SERVER_LOST : SERVER_UNREACHABLE);
  }
  if (membership.unreachable === 0) return dueUs;
  for (let server = 0; server < table.serverCount; server++) {
    if (membership.state[server] !== SERVER_UNREACHABLE) continue;
    if (isHeardByOthers(table, membership, server)) marks[MARK_CORROBORATED]++;
    else {
      membership.fallSilent(server, nowUs);
      if (membership.answersUntilUs[server] > nowUs)
        dueUs = Math.min(dueUs, membership.answersUntilUs[server]);
    }
  }
  return dueUs;
}

/** Does any server that we hear and count as alive still hear `server`? */
function isHeardByOthers(table: FunctionTable, membership: Membership, server: number): boolean {
  for (let witness = 0; witness < table.serverCount; witness++) {
    if (
      membership.state[witness] === SERVER_ALIVE &&
      (membership.hears[witness] & (1 << server)) !== 0
    )
      return true;
  }
  return false;
}
