/**
 * Why each function currently runs where it does, or does not run: asks the current policy for its
 * answer to the state that a server shows, and for the allocation with all servers up.
 */
import { policyNamed } from "../allocation/policies.ts";
import type { AircraftConfig } from "../config/model.ts";
import { type Plan, WhatIf } from "../config/what-if.ts";
import { onlyText } from "../config/why.ts";
import { isHeldBack } from "../supervisor/other-tables.ts";
import {
  type FunctionStatus,
  type ServerStatus,
  type StatusDocument,
  serverWord,
} from "../supervisor/status-document.ts";
import { serverWords } from "./server-words.ts";

/** Inputs about a function for its reason. */
export type SeenFunction = Pick<FunctionStatus, "id" | "owner" | "state" | "cannotRunOn">;

/** Inputs about a server; its state in words that serverWords knows. */
export type SeenServer = Pick<ServerStatus, "id" | "state" | "capacity" | "holds">;

export interface Reason {
  /** One sentence without a full stop. */
  readonly why: string;
  /**
   * It does not run, is about to change, or cannot have its place with all servers up: shown
   * unasked.
   */
  readonly isNotable: boolean;
}

/** Answers repeatedly, but asks the policy only when something has changed. */
export class Reasons {
  readonly #whatIf: WhatIf;
  readonly #keepsRunning: boolean;
  /** For each function the servers that may run it. */
  readonly #eligible: ReadonlyMap<string, readonly string[]>;
  #home: Plan["assignment"] | null = null;
  #asked = "";
  #answer = new Map<string, Reason>();

  constructor(config: AircraftConfig) {
    this.#whatIf = new WhatIf(config);
    this.#eligible = new Map(config.functions.map(({ id, servers }) => [id, servers]));
    this.#keepsRunning = policyNamed(config.allocation).keepsRunning;
  }

  /**
   * @param functions all of the configuration
   * @param servers all of the configuration, from {@link serversSeen} or from the rig
   */
  of(
    functions: readonly SeenFunction[],
    servers: readonly SeenServer[],
  ): ReadonlyMap<string, Reason> {
    const seen = functions.map(({ id, owner, state, cannotRunOn }) => [
      ...[id, owner, state],
      ...cannotRunOn,
    ]);
    const given = servers.map(({ id, state, capacity, holds }) => [id, state, capacity, holds]);
    const asked = JSON.stringify([seen, given]);
    if (asked !== this.#asked) {
      this.#answer = this.#answerTo(functions, servers);
      this.#asked = asked;
    }
    return this.#answer;
  }

  #answerTo(
    functions: readonly SeenFunction[],
    servers: readonly SeenServer[],
  ): Map<string, Reason> {
    const isUnknown = servers.some(({ state }) => state === "held back");
    const absence = (id: string): string => {
      const { state = "unknown" } = servers.find((server) => server.id === id) ?? {};
      return serverWords(state).word.toLowerCase();
    };
    const down = servers.filter(({ state }) => !takesFunctions(state)).map(({ id }) => id);
    const cannotRun = Object.fromEntries(
      servers.map(({ id: server }) => [
        server,
        functions.filter(({ cannotRunOn }) => cannotRunOn.includes(server)).map(({ id }) => id),
      ]),
    );
    const capacity = Object.fromEntries(servers.map(({ id, capacity: gives }) => [id, gives]));
    const held = servers.some(({ holds }) => holds);
    const owners = Object.fromEntries(functions.map(({ id, owner }) => [id, owner]));
    this.#home ??= this.#whatIf.planWithAllServers().assignment;
    const home = this.#home;
    const { plan, why: sentences } = this.#whatIf.explain(
      { owners, down, cannotRun, capacity, held },
      absence,
    );
    const reasonOf = (entry: SeenFunction): Reason => {
      const { id, owner, state, cannotRunOn } = entry;
      const to = plan.assignment[id] ?? null;
      const place = home[id] ?? null;
      const isBarred = place !== null && (down.includes(place) || cannotRunOn.includes(place));
      const isNotable = owner === null || owner !== to || (owner !== place && isBarred);
      const reason = (why: string): Reason => ({ why, isNotable });
      if (owner === null) {
        if (isUnknown) return reason("not known here: servers with another table are serving");
        return reason(to === null ? (sentences[id] ?? "") : `goes to ${to} with the next change`);
      }
      if (state !== "running") return reason(`${state} on ${owner}`);
      if (owner !== to) return reason(sentences[id] ?? "");
      const runs = `runs on ${owner}`;
      const eligible = this.#eligible.get(id) ?? [];
      const left = eligible.filter(
        (server) => !down.includes(server) && !cannotRunOn.includes(server),
      );
      if (left.length === 1) return reason(`${runs} because ${onlyText(eligible.length)}`);
      if (owner === place) return reason(`${runs} because that is its place with all servers up`);
      if (place === null) return reason(`${runs} because ${owner} has room for it`);
      if (down.includes(place))
        return reason(
          `${runs} while ${place}, its place with all servers up, is ${absence(place)}`,
        );
      if (cannotRunOn.includes(place))
        return reason(`${runs} because it failed on ${place}, its place with all servers up`);
      return reason(
        this.#keepsRunning
          ? `${runs} because running functions stay; with all servers up its place is ${place}`
          : `${runs} because its turn puts it there with the servers that are up`,
      );
    };
    return new Map(functions.map((entry) => [entry.id, reasonOf(entry)]));
  }
}

const takesFunctions = (state: string): boolean => state === "alive" || state === "listening";

/** Every server as seen by one server. */
export function serversSeen(status: StatusDocument): SeenServer[] {
  return status.servers.map((server) => {
    const { id, capacity, holds } = server;
    const state = id === status.server ? ownState(status) : serverWord(server);
    return { id, state, capacity, holds };
  });
}

/** Its own phase is more informative than "self"; the others call an active server alive. */
function ownState(status: StatusDocument): string {
  if (isHeldBack(status)) return "held back";
  if (status.draining) return "draining";
  return status.phase === "active" ? "alive" : status.phase;
}
