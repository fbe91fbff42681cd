/**
 * From what a server shows to what would happen if somebody changed something, asked of the policy
 * that flies: which functions would stop. By that alone drain and resume are judged, not by who is
 * alive: a server may be there and have no room, or not be allowed to run what is to come.
 */
import type { AircraftConfig } from "./model.ts";
import { type Situation, WhatIf } from "./what-if.ts";

/** What `status --json` says and a plan needs. */
export interface SeenState {
  readonly server: string;
  readonly phase: string;
  readonly draining: boolean;
  readonly servers: readonly {
    readonly id: string;
    readonly state: string;
    readonly phase: string | null;
  }[];
  readonly functions: readonly {
    readonly id: string;
    readonly owner: string | null;
    /** Servers on which it has failed. */
    readonly cannotRunOn: readonly string[];
  }[];
}

/** Another server that takes functions. */
export function takesFunctions({
  state,
  phase,
}: Pick<SeenState["servers"][number], "state" | "phase">): boolean {
  return state === "alive" && (phase === "active" || phase === "listening");
}

/** The situation that a policy starts from: who takes no functions counts as down. */
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
  };
}

/** Functions that run now and would not any more, in the order of the configuration. */
export function wouldStop(
  config: AircraftConfig,
  seen: SeenState,
  change: "drain" | "resume",
): string[] {
  const { server } = seen;
  const { owners, down, cannotRun } = situationOf(seen);
  const others = down.filter((id) => id !== server);
  const after: Situation =
    change === "drain"
      ? { owners, down: [...others, server], cannotRun }
      : { owners, down: others, cannotRun: { ...cannotRun, [server]: [] } };
  const { assignment } = new WhatIf(config).plan(after);
  return config.functions
    .map(({ id }) => id)
    .filter((id) => (owners[id] ?? null) !== null && (assignment[id] ?? null) === null);
}

/** So many are named, the others counted: a console has 80 columns. */
const NAMES_MAX = 8;

/** `stops map and games`, in one line. */
export function stopsText(ids: readonly string[]): string {
  const named = ids.slice(0, NAMES_MAX);
  const more = ids.length - named.length;
  return `stops ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}: no other server could run ${ids.length === 1 ? "it" : "them"}`;
}
