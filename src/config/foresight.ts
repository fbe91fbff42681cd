/**
 * Predicts from a server's state which functions a change would stop, by asking the policy that
 * flies. Only this decides about drain and resume, not the number of live servers: a server may be
 * there and have no room, or not be allowed to run a function.
 */
import type { AircraftConfig } from "./model.ts";
import { type Situation, WhatIf } from "./what-if.ts";

/** The part of `status --json` that a plan needs. */
export interface SeenState {
  readonly server: string;
  readonly phase: string;
  readonly draining: boolean;
  readonly servers: readonly {
    readonly id: string;
    readonly state: string;
    readonly phase: string | null;
    /** Per cent of its resource that it gives; unknown for former releases. */
    readonly capacity?: number | undefined;
    readonly holds?: boolean | undefined;
  }[];
  readonly functions: readonly {
    readonly id: string;
    readonly owner: string | null;
    /** Servers on which it has failed. */
    readonly cannotRunOn: readonly string[];
  }[];
}

/** Whether another server takes functions. */
export function takesFunctions({
  state,
  phase,
}: Pick<SeenState["servers"][number], "state" | "phase">): boolean {
  return state === "alive" && (phase === "active" || phase === "listening");
}

/** Starting situation for a policy: a server that takes no functions counts as down. */
export function situationOf(seen: SeenState): Situation {
  const down = seen.servers.filter((server) => {
    if (server.id !== seen.server) return !takesFunctions(server);
    return seen.draining || (seen.phase !== "active" && seen.phase !== "listening");
  });
  const cannotRun: Record<string, string[]> = {};
  for (const { id } of seen.servers) {
    cannotRun[id] = seen.functions
      .filter(({ cannotRunOn }) => cannotRunOn.includes(id))
      .map((entry) => entry.id);
  }
  return {
    owners: Object.fromEntries(seen.functions.map(({ id, owner }) => [id, owner])),
    down: down.map(({ id }) => id),
    cannotRun,
    capacity: Object.fromEntries(
      seen.servers.flatMap(({ id, capacity }) => (capacity === undefined ? [] : [[id, capacity]])),
    ),
    held: seen.servers.some(({ holds }) => holds === true),
  };
}

/**
 * Requested change of a server; for a capacity, the per cent of its resource that it has to give.
 */
export type Change = "drain" | "resume" | { readonly capacity: number };

/** Functions that run now and would stop, in the order of the configuration. */
export function wouldStop(config: AircraftConfig, seen: SeenState, change: Change): string[] {
  const { server } = seen;
  const now = situationOf(seen);
  const { owners, cannotRun } = now;
  const others = now.down.filter((id) => id !== server);
  const after: Situation =
    typeof change === "object"
      ? { ...now, capacity: { ...now.capacity, [server]: change.capacity } }
      : change === "drain"
        ? { ...now, down: [...others, server] }
        : { ...now, down: others, cannotRun: { ...cannotRun, [server]: [] } };
  const { assignment } = new WhatIf(config).plan(after);
  return config.functions
    .map(({ id }) => id)
    .filter((id) => (owners[id] ?? null) !== null && (assignment[id] ?? null) === null);
}

/** List at most this many names and count the others: a console has 80 columns. */
const NAMES_MAX = 8;

/** `stops map and games`, in one line. */
export function stopsText(ids: readonly string[]): string {
  const named = ids.slice(0, NAMES_MAX);
  const more = ids.length - named.length;
  return `stops ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}: no other server could run ${ids.length === 1 ? "it" : "them"}`;
}
