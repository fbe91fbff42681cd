/**
 * The allocation policies of the core, asked on the ground: what would happen if. Used by `wingman
 * plan` and `wingman check`; the code that decides is the code that flies.
 */
import { Allocation } from "../allocation/allocation.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { type PolicyName, policyNamed } from "../allocation/policies.ts";
import { functionTableOf } from "./function-table.ts";
import type { AircraftConfig } from "./model.ts";

/**
 * What a policy starts from. Servers and functions by identifier; what is not mentioned is up, can
 * run, and is not owned.
 */
export interface Situation {
  /** Server on which each function runs. One on a server that is down counts as unallocated. */
  owners: Readonly<Record<string, string | null>>;
  down: readonly string[];
  /** For each server the functions that cannot run there. */
  cannotRun: Readonly<Record<string, readonly string[]>>;
}

export const NOTHING_RUNS: Situation = { owners: {}, down: [], cannotRun: {} };

/** What a policy makes of a situation, in the shape of `wingman plan --json` (design/contract). */
export interface Plan {
  policy: PolicyName;
  /**
   * Servers in the order of the configuration, and so are all lists of functions in the order of
   * their turns (step S3).
   */
  alive: string[];
  assignment: Record<string, string | null>;
  /** Functions that did not run and do now. */
  started: string[];
  /** Functions that go from one server that is alive to another. */
  moved: { function: string; from: string; to: string }[];
  /** Functions that ran on a server that is alive and do not run any more. */
  stopped: string[];
  /** Remaining resource of each server that is alive. */
  remaining: Record<string, number>;
  /** Whether the plan is proven the best; null for policies that do not ask. */
  optimal: boolean | null;
  /** Elementary steps that the policy took. */
  steps: number;
}

export class WhatIf {
  readonly #table: FunctionTable;
  readonly #allocation = new Allocation();
  readonly #functionIds: string[];
  readonly #serverIds: string[];
  /** Function indexes in the order of their turns. */
  readonly #turn: number[];

  constructor(
    config: AircraftConfig,
    readonly policy: PolicyName = config.allocation,
  ) {
    this.#table = functionTableOf(config);
    this.#functionIds = config.functions.map(({ id }) => id);
    this.#serverIds = config.servers.map(({ id }) => id);
    this.#turn = Array.from(this.#table.turn.subarray(0, this.#table.functionCount));
  }

  /** The functions given out from nothing to all servers. */
  planWithAllServers(): Plan {
    return this.plan(NOTHING_RUNS);
  }

  /** All identifiers in `situation` are known. */
  plan(situation: Situation): Plan {
    const { owners, down, cannotRun } = situation;
    const allocation = this.#allocation;
    const alive = this.#serverIds.filter((id) => !down.includes(id));
    allocation.operable = this.#maskOf(alive);
    this.#functionIds.forEach((id, index) => {
      allocation.current[index] =
        alive.indexOf(owners[id] ?? "") < 0 ? NONE : this.#serverIds.indexOf(owners[id] ?? "");
      allocation.cannotRun[index] = this.#maskOf(
        this.#serverIds.filter((server) => cannotRun[server]?.includes(id)),
      );
    });
    policyNamed(this.policy).allocate(this.#table, allocation);
    return {
      policy: this.policy,
      alive,
      assignment: Object.fromEntries(
        this.#functionIds.map((id, index) => [id, this.#serverName(allocation.assigned[index])]),
      ),
      ...this.#changes(),
      remaining: Object.fromEntries(
        alive.map((id) => [id, allocation.remaining[this.#serverIds.indexOf(id)] ?? 0]),
      ),
      optimal: null,
      steps: allocation.steps,
    };
  }

  /** Identifiers of all functions, the most important first. */
  byImportance(): string[] {
    return this.#turn.map((index) => this.#functionIds[index] ?? "");
  }

  /** Identifiers of the functions that run nowhere in `plan`, the most important first. */
  notRunning(plan: Plan): string[] {
    return this.byImportance().filter((id) => plan.assignment[id] === null);
  }

  /** Differences between what runs on servers that are alive and what the policy answered. */
  #changes(): Pick<Plan, "started" | "moved" | "stopped"> {
    const changes: Pick<Plan, "started" | "moved" | "stopped"> = {
      started: [],
      moved: [],
      stopped: [],
    };
    for (const index of this.#turn) {
      const id = this.#functionIds[index] ?? "";
      const from = this.#serverName(this.#allocation.current[index]);
      const to = this.#serverName(this.#allocation.assigned[index]);
      if (from === to) continue;
      if (from === null) changes.started.push(id);
      else if (to === null) changes.stopped.push(id);
      else changes.moved.push({ function: id, from, to });
    }
    return changes;
  }

  #serverName(server: number | undefined): string | null {
    return this.#serverIds[server ?? NONE] ?? null;
  }

  #maskOf(ids: readonly string[]): number {
    return ids.reduce((mask, id) => mask | (1 << this.#serverIds.indexOf(id)), 0);
  }
}

/**
 * Every single failure of one of `servers`, then every double failure; the two of a double one fail
 * at the same time.
 */
export function failures(servers: readonly string[]): string[][] {
  const single = servers.map((id) => [id]);
  const double = servers.flatMap((first, index) =>
    servers.slice(index + 1).map((second) => [first, second]),
  );
  return [...single, ...double];
}
