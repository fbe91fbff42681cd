/** The console's `drain`, and what it waits for: that nothing runs on the server any more. */
import type { Maintenance } from "../maintenance.ts";

/** The answer comes after this time, whatever is left. */
const DRAIN_WAIT_MS = 5_000;
const POLL_MS = 50;
const NAMES_MAX = 4;

/** Drains. @returns the answer: the server is empty, or what still runs there */
export async function drainedLine(
  maintenance: Maintenance,
  waitMs = DRAIN_WAIT_MS,
): Promise<string> {
  const before = functionsHere(maintenance);
  await maintenance.drain();
  const { serverId } = maintenance;
  const endMs = performance.now() + waitMs;
  let left = functionsHere(maintenance);
  while ((left.length > 0 || areOnTheirWay(maintenance, before)) && performance.now() < endMs) {
    await Bun.sleep(POLL_MS);
    left = functionsHere(maintenance);
  }
  if (left.length > 0)
    return `DRAINING: ${namesOf(left)} still on ${serverId}; show functions lists what is left`;
  const stopped = inState(maintenance, before, /^(stopped|failed)$/);
  const more = stopped.length === 0 ? "" : `; STOPPED: ${namesOf(stopped)}`;
  return `DRAINED: nothing runs on ${serverId} any more${more}`;
}

function namesOf(ids: readonly string[]): string {
  return ids.slice(0, NAMES_MAX).join(", ") + (ids.length > NAMES_MAX ? ", ..." : "");
}

/** Between two servers nobody owns a function, and yet it is not stopped. */
function areOnTheirWay(maintenance: Maintenance, ids: readonly string[]): boolean {
  return inState(maintenance, ids, /^(starting|stopping)$/).length > 0;
}

/** Those of the functions that nobody owns and whose state matches. */
function inState(maintenance: Maintenance, ids: readonly string[], states: RegExp): string[] {
  const functions = maintenance.status()?.functions ?? [];
  return functions
    .filter(({ id, owner, state }) => ids.includes(id) && owner === null && states.test(state))
    .map(({ id }) => id);
}

/** Its engine may be between two starts: then it is not known to be empty. */
function functionsHere(maintenance: Maintenance): readonly string[] {
  const status = maintenance.status();
  if (status === null) return ["functions not known"];
  return status.functions.filter(({ owner }) => owner === maintenance.serverId).map(({ id }) => id);
}
