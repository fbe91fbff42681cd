/**
 * Computes from a server's state how to even out the load: which functions would move, one after
 * the other, and what would remain where.
 */
import { NONE } from "../allocation/function-table.ts";
import { type PolicyName, policyNamed } from "../allocation/policies.ts";
import { mayGoByTable, planRebalance } from "../allocation/rebalance.ts";
import { CAPACITY_MAX, FUNCTIONS_MAX } from "../limits.ts";
import { type SeenState, situationOf } from "./foresight.ts";
import { functionTableOf } from "./function-table.ts";
import type { AircraftConfig } from "./model.ts";

export interface RebalanceMove {
  function: string;
  from: string;
  to: string;
}

export interface RebalancePlan {
  policy: PolicyName;
  /** Servers that take functions, in the order of the configuration. */
  alive: string[];
  /** Consecutive moves, each started when the one before it is done. */
  moves: RebalanceMove[];
  /** Remaining resource of each server that takes functions, before the first move. */
  before: Record<string, number>;
  /** The same after the last one. */
  after: Record<string, number>;
  /** n·Σr² − (Σr)² over the n remaining resources: 0 when all are equal. */
  spread: { before: number; after: number };
  /** Proven: no more even state can be reached. False: the search hit its bound. */
  mostEven: boolean;
  /** Proven: fewer moves reach no state as even. */
  fewest: boolean;
}

/** Whether a manual move would last: the policy leaves running functions where they are. */
export function keepsWhatRuns({ allocation }: Pick<AircraftConfig, "allocation">): boolean {
  return policyNamed(allocation).keepsRunning;
}

export function rebalancePlan(config: AircraftConfig, seen: SeenState): RebalancePlan {
  const { servers, functions } = config;
  const { owners, down, cannotRun, capacity = {} } = situationOf(seen);
  const indexOf = (id: string | null | undefined): number =>
    servers.findIndex((server) => server.id === id);
  const alive = servers.map(({ id }) => id).filter((id) => !down.includes(id));
  const current = new Int8Array(FUNCTIONS_MAX).fill(NONE);
  const failed = new Uint16Array(FUNCTIONS_MAX);
  functions.forEach(({ id }, index) => {
    current[index] = indexOf(owners[id]);
    servers.forEach((server, place) => {
      if (cannotRun[server.id]?.includes(id))
        failed[index] = (failed[index] as number) | (1 << place);
    });
  });
  // Resource that a server withholds is not available.
  const given = servers.map((server) => {
    const percent = capacity[server.id] ?? CAPACITY_MAX;
    return { ...server, resource: Math.floor((server.resource * percent) / CAPACITY_MAX) };
  });
  const table = functionTableOf({ ...config, servers: given });
  const operable = alive.reduce((mask, id) => mask | (1 << indexOf(id)), 0);
  const answer = planRebalance(table, operable, current, mayGoByTable(table, failed));
  const named = (remaining: readonly number[]): Record<string, number> =>
    Object.fromEntries(alive.map((id) => [id, remaining[indexOf(id)] ?? 0]));
  return {
    policy: config.allocation,
    alive,
    moves: answer.moves.map(({ index, from, to }) => ({
      function: functions[index]?.id ?? "",
      from: servers[from]?.id ?? "",
      to: servers[to]?.id ?? "",
    })),
    before: named(answer.remainingBefore),
    after: named(answer.remainingAfter),
    spread: { before: answer.spreadBefore, after: answer.spreadAfter },
    mostEven: answer.isMostEven,
    fewest: answer.isFewest,
  };
}
