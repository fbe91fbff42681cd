/**
 * Asks the allocation policies of the core on the ground what would happen. Used by `wingman plan`
 * and `wingman check`; the deciding code is the code that flies.
 */
import { Allocation, assignmentDigest } from "../allocation/allocation.ts";
import { ContingencyBook } from "../allocation/contingency-book.ts";
import { type FunctionTable, NONE } from "../allocation/function-table.ts";
import { PROVEN_EVEN } from "../allocation/planned/planner.ts";
import { type PolicyName, policyNamed } from "../allocation/policies.ts";
import { CAPACITY_MAX, SERVERS_MAX } from "../limits.ts";
import { functionTableOf } from "./function-table.ts";
import type { AircraftConfig } from "./model.ts";
import { explanations } from "./why.ts";

/**
 * Starting state of a policy. Servers and functions by identifier; by default a server is up, a
 * function can run anywhere and is not owned.
 */
export interface Situation {
  /** Server on which each function runs. One on a server that is down counts as unallocated. */
  owners: Readonly<Record<string, string | null>>;
  down: readonly string[];
  /** For each server the functions that cannot run there. */
  cannotRun: Readonly<Record<string, readonly string[]>>;
  /** Per cent of its resource that a server gives; absent: all. */
  capacity?: Readonly<Record<string, number>>;
  /** Running functions must not be moved. */
  held?: boolean;
  /** Functions whose owner has only announced that it will run them. */
  claimed?: readonly string[];
}

export const NOTHING_RUNS: Situation = { owners: {}, down: [], cannotRun: {} };

/** What a policy makes of a situation, in the shape of `wingman plan --json`. */
export interface Plan {
  policy: PolicyName;
  /**
   * Servers in the order of the configuration; all lists of functions in the order of their turns
   * (step S3).
   */
  alive: string[];
  assignment: Record<string, string | null>;
  /** Functions that did not run before and do now. */
  started: string[];
  /** Functions that move between live servers. */
  moved: { function: string; from: string; to: string }[];
  /** Functions that ran on a live server and no longer run. */
  stopped: string[];
  /** Remaining resource of each live server, in the first dimension. */
  remaining: Record<string, number>;
  /** The same by the name of each dimension; absent when there is only one. */
  remainingOf?: Record<string, Record<string, number>>;
  /** Whether the plan is proven optimal; null for policies that do not prove it. */
  optimal: boolean | null;
  /** Elementary steps that the policy took. */
  steps: number;
}

export class WhatIf {
  readonly #table: FunctionTable;
  readonly #allocation = new Allocation();
  /** Empty: every answer is computed when asked. */
  readonly #book: ContingencyBook;
  readonly #functionIds: string[];
  readonly #serverIds: string[];
  readonly #dimensions: readonly string[];
  /** Function indexes in the order of their turns. */
  readonly #turn: number[];

  constructor(
    config: AircraftConfig,
    readonly policy: PolicyName = config.allocation,
  ) {
    this.#table = functionTableOf(config);
    this.#book = new ContingencyBook(this.#table, policyNamed(policy));
    this.#functionIds = config.functions.map(({ id }) => id);
    this.#serverIds = config.servers.map(({ id }) => id);
    this.#dimensions = config.dimensions;
    this.#turn = Array.from(this.#table.turn.subarray(0, this.#table.functionCount));
  }

  /** Assignment of the functions from nothing to all servers. */
  planWithAllServers(): Plan {
    return this.plan(NOTHING_RUNS);
  }

  /** All identifiers in `situation` must be known. */
  plan(situation: Situation): Plan {
    const { owners, down, cannotRun, capacity = {}, held = false, claimed = [] } = situation;
    const allocation = this.#allocation;
    allocation.holds = held;
    for (const [server, id] of this.#serverIds.entries())
      allocation.withheld[server] = CAPACITY_MAX - (capacity[id] ?? CAPACITY_MAX);
    const alive = this.#serverIds.filter((id) => !down.includes(id));
    allocation.operable = this.#maskOf(alive);
    this.#functionIds.forEach((id, index) => {
      allocation.current[index] =
        alive.indexOf(owners[id] ?? "") < 0 ? NONE : this.#serverIds.indexOf(owners[id] ?? "");
      allocation.claimed[index] = claimed.includes(id) ? 1 : 0;
      allocation.cannotRun[index] = this.#maskOf(
        this.#serverIds.filter((server) => cannotRun[server]?.includes(id)),
      );
    });
    this.#book.answer(allocation);
    return {
      policy: this.policy,
      alive,
      assignment: Object.fromEntries(
        this.#functionIds.map((id, index) => [id, this.#serverName(allocation.assigned[index])]),
      ),
      ...this.#changes(),
      ...this.#remaining(alive),
      optimal: this.#isOptimal(),
      steps: allocation.steps,
    };
  }

  /** Digest of the last plan's assignment, as in keep-alives and the maintenance log. */
  get digest(): number {
    return assignmentDigest(this.#allocation, this.#functionIds.length);
  }

  /**
   * The plan, and a sentence per function: why it runs there, or does not run.
   * @param absence word for a server that is down: `lost`
   */
  explain(
    situation: Situation,
    absence: (server: string) => string = () => "down",
  ): { plan: Plan; why: Record<string, string> } {
    const plan = this.plan(situation);
    const sentences = explanations({
      table: this.#table,
      policy: this.policy,
      allocation: this.#allocation,
      before: this.#functionIds.map((id) => this.#serverIds.indexOf(situation.owners[id] ?? "")),
      servers: this.#serverIds,
      functions: this.#functionIds,
      dimensions: this.#dimensions,
      absence: (server) => absence(this.#serverIds[server] ?? ""),
    });
    const why = Object.fromEntries(this.#functionIds.map((id, at) => [id, sentences[at] ?? ""]));
    return { plan, why };
  }

  #remaining(alive: readonly string[]): Pick<Plan, "remaining" | "remainingOf"> {
    const of = (id: string, dimension: number): number =>
      this.#allocation.remaining[dimension * SERVERS_MAX + this.#serverIds.indexOf(id)] ?? 0;
    const remaining = Object.fromEntries(alive.map((id) => [id, of(id, 0)]));
    if (this.#dimensions.length <= 1) return { remaining };
    const named = (id: string) =>
      Object.fromEntries(this.#dimensions.map((name, dimension) => [name, of(id, dimension)]));
    return { remaining, remainingOf: Object.fromEntries(alive.map((id) => [id, named(id)])) };
  }

  #isOptimal(): boolean | null {
    const { searches } = policyNamed(this.policy);
    return searches ? this.#allocation.proven === PROVEN_EVEN : null;
  }

  /** Identifiers of all functions, the most important first. */
  byImportance(): string[] {
    return this.#turn.map((index) => this.#functionIds[index] ?? "");
  }

  /** Identifiers of the functions that run nowhere in `plan`, the most important first. */
  notRunning(plan: Plan): string[] {
    return this.byImportance().filter((id) => plan.assignment[id] === null);
  }

  /** Differences between the functions that run on live servers and the policy's answer. */
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
 * Every single failure of one of `servers`, then every double failure; both servers of a double one
 * fail at the same time.
 */
export function failures(servers: readonly string[]): string[][] {
  const single = servers.map((id) => [id]);
  const double = servers.flatMap((first, index) =>
    servers.slice(index + 1).map((second) => [first, second]),
  );
  return [...single, ...double];
}
