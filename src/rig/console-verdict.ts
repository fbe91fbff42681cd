/**
 * Conclusions of the procedure over serial consoles from the servers' statements about themselves
 * and each other. Pure.
 */
import type { Owners } from "./verdict.ts";

/** One console's view (`show servers | json` and `show functions | json`, one after the other). */
export interface ConsoleView {
  /** The server of this console. */
  readonly id: string;
  readonly servers: readonly ShownServer[];
  readonly functions: readonly ShownFunction[];
  /** Time from the question about the servers to the answer about the functions. */
  readonly spanMs: number;
}

export interface ShownServer {
  readonly id: string;
  readonly state: string;
  readonly resource: number;
  readonly remaining: number;
  readonly lastHeardMs: number | null;
}

export interface ShownFunction {
  readonly id: string;
  readonly priority: number;
  readonly required: number;
  readonly owner: string | null;
  readonly state: string;
}

/** Servers that must not serve: switched off or drained. */
export interface Absent {
  readonly off: readonly string[];
  readonly drained: readonly string[];
}

export const NOBODY: Absent = { off: [], drained: [] };

const STATES_OFF = ["lost", "unreachable"];

/** The owners that all views name; null, and listed in `disagreed`, where they differ. */
export function agreedOwners(views: readonly ConsoleView[]): {
  owners: Owners;
  disagreed: string[];
} {
  const owners: Owners = {};
  const disagreed: string[] = [];
  for (const { id } of views[0]?.functions ?? []) {
    const said = new Set(
      views.map((view) => view.functions.find((entry) => entry.id === id)?.owner ?? null),
    );
    const [owner = null] = said;
    owners[id] = said.size === 1 ? owner : null;
    if (said.size > 1) disagreed.push(id);
  }
  return { owners, disagreed };
}

/**
 * `a sees b as lost`, for every server in an unexpected state; a drained one is alive and has no
 * functions.
 */
export function wrongStates(views: readonly ConsoleView[], { off }: Absent): string[] {
  return views.flatMap((view) =>
    view.servers.flatMap(({ id, state }) => {
      const expected = id === view.id ? ["self"] : off.includes(id) ? STATES_OFF : ["alive"];
      return expected.includes(state) ? [] : [`${view.id} sees ${id} as ${state}`];
    }),
  );
}

/** Servers whose functions need more than they have, according to any view. */
export function overloads(views: readonly ConsoleView[]): string[] {
  const found = views.flatMap((view) =>
    view.servers.flatMap(({ id, resource, remaining }) => {
      const used = usedOn(view, id);
      return used > resource || remaining < 0 ? [`${id} has ${resource} and gives ${used}`] : [];
    }),
  );
  return [...new Set(found)];
}

/** `a 130 of 200` for each server, according to the first view. */
export function loads(views: readonly ConsoleView[]): string[] {
  const [view] = views;
  return view === undefined
    ? []
    : view.servers.map(({ id, resource }) => `${id} ${usedOn(view, id)} of ${resource}`);
}

function usedOn(view: ConsoleView, server: string): number {
  return view.functions.reduce(
    (sum, { owner, required }) => sum + (owner === server ? required : 0),
    0,
  );
}

/**
 * Functions that run nowhere although another server has room, or on a server that must not serve.
 * Without the configuration no more is known.
 */
export function unserved(views: readonly ConsoleView[], { off, drained }: Absent): string[] {
  const [view] = views;
  if (view === undefined) return ["no console answers"];
  const absent = [...off, ...drained];
  const serving = view.servers.filter(({ id }) => !absent.includes(id));
  return view.functions.flatMap(({ id, owner, required }) => {
    if (owner !== null && absent.includes(owner)) return [`${id} is still said to run on ${owner}`];
    const room = serving.find((server) => server.resource - usedOn(view, server.id) >= required);
    if (owner !== null || room === undefined) return [];
    return [
      `${id} runs nowhere, and ${room.id} has room (--config tells whether it may run there)`,
    ];
  });
}

/** Functions that their owner has not brought up. */
export function notRunning(views: readonly ConsoleView[]): string[] {
  return views.flatMap((view) =>
    view.functions.flatMap(({ id, owner, state }) =>
      owner === view.id && state !== "running" ? [`${id} on ${view.id} is ${state}`] : [],
    ),
  );
}

/**
 * The server among `candidates` with the most important function: others must take it over,
 * whatever else they run.
 */
export function mostImportant(view: ConsoleView, candidates: readonly string[]): string | null {
  const byPriority = view.functions.toSorted((left, right) => right.priority - left.priority);
  return (
    byPriority.find(({ owner }) => owner !== null && candidates.includes(owner))?.owner ??
    candidates[0] ??
    null
  );
}

/**
 * A function that fits on another server, with its old and new owner; the smallest first, because
 * it disturbs least.
 */
export function movable(
  view: ConsoleView,
  isAllowed: (functionId: string, server: string) => boolean,
): { functionId: string; from: string; to: string } | null {
  for (const { id, owner, required } of view.functions.toSorted(
    (left, right) => left.required - right.required,
  )) {
    if (owner === null) continue;
    const to = view.servers.find(
      (server) =>
        server.id !== owner &&
        (server.state === "alive" || server.state === "self") &&
        server.resource - usedOn(view, server.id) >= required &&
        isAllowed(id, server.id),
    );
    if (to !== undefined) return { functionId: id, from: owner, to: to.id };
  }
  return null;
}

/** Bounds of the time after a server's last keep-alive at which a condition became true. */
export class Bounds {
  notYetMs = 0;
  byMs = Number.POSITIVE_INFINITY;

  take(isSo: boolean, sinceMs: { readonly from: number; readonly to: number }): void {
    if (isSo) this.byMs = Math.min(this.byMs, sinceMs.to);
    else if (!Number.isFinite(this.byMs)) this.notYetMs = Math.max(this.notYetMs, sinceMs.from);
  }

  get text(): string {
    if (!Number.isFinite(this.byMs)) return "never";
    return `later than ${Math.round(this.notYetMs)} ms and within ${Math.round(this.byMs)} ms`;
  }
}

/**
 * Age of a server's last keep-alive in ms, before the answer about the functions: at least, and at
 * most.
 */
export function sinceHeard(view: ConsoleView, server: string): { from: number; to: number } {
  const heardMs = view.servers.find(({ id }) => id === server)?.lastHeardMs ?? 0;
  return { from: heardMs, to: heardMs + view.spanMs };
}
