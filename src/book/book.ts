/**
 * The contingency book: the answers of the current allocation to each failure that may come next,
 * and their consequences. Made on the ground and in `wingman manage`; the flight loop does not know
 * it.
 */
import type { PolicyName } from "../allocation/policies.ts";
import { tableDigestText } from "../config/digest.ts";
import type { AircraftConfig } from "../config/model.ts";
import { type Plan, type Situation, WhatIf } from "../config/what-if.ts";
import { WHOLE_BOOK_SERVERS_MAX } from "../limits.ts";
import { type Spare, spareOf } from "./spare.ts";

/** The new plan when servers are lost at the same time, or one comes back. */
export interface BookEntry extends Plan {
  lost: string[];
  /** The server that comes back, while none is lost; or empty. */
  back: string[];
}

/**
 * The first failure of the book that stops a function: among those of the fewest servers, the first
 * one.
 */
export interface FirstStop {
  function: string;
  /** Whether it runs before any failure. */
  runs: boolean;
  /** null when no failure of the book stops it. */
  lost: string[] | null;
}

/** The aircraft of a book, and its state before any change. */
export interface BookStart {
  policy: PolicyName;
  system: string;
  /** null when the configuration has none. */
  partNumber: string | null;
  /** SHA-256 in hexadecimal. */
  tableDigest: string;
  servers: { id: string; resource: number }[];
  /** In the order of their turns: the most important first. */
  functions: { id: string; priority: number; required: number }[];
  /** Servers that are down. */
  down: string[];
  /** The allocation's answer to the starting situation. */
  base: Plan;
}

export interface Book extends BookStart {
  spare: Spare;
  firstStops: FirstStop[];
  /** Recoveries, then failures, those of the fewest servers first. */
  book: BookEntry[];
}

/** The book of `situation`, whose identifiers must be known. */
export function bookOf(config: AircraftConfig, policy: PolicyName, situation: Situation): Book {
  const whatIf = new WhatIf(config, policy);
  const start = startOf(config, whatIf, situation);
  const { base, down, functions } = start;
  const recoveries = down.map((id) => entryOf(whatIf, base, situation, [], [id]));
  const failures = lossesOf(base.alive, config.servers.length).map((lost) =>
    entryOf(whatIf, base, situation, lost, []),
  );
  return {
    ...start,
    spare: spareOf(config, policy, situation, base, failures),
    firstStops: functions.map(({ id }) => ({
      function: id,
      runs: (base.assignment[id] ?? null) !== null,
      lost: failures.find((entry) => stops(base, entry, id))?.lost ?? null,
    })),
    book: [...recoveries, ...failures],
  };
}

export function startOf(config: AircraftConfig, whatIf: WhatIf, situation: Situation): BookStart {
  const base = whatIf.plan(situation);
  const byId = new Map(config.functions.map((entry) => [entry.id, entry]));
  return {
    policy: whatIf.policy,
    system: config.system,
    partNumber: config.partNumber === "" ? null : config.partNumber,
    tableDigest: tableDigestText(config),
    servers: config.servers.map(({ id, resource }) => ({ id, resource })),
    functions: whatIf.byImportance().map((id) => {
      const { priority = 0, required = 0 } = byId.get(id) ?? {};
      return { id, priority, required };
    }),
    down: config.servers.map(({ id }) => id).filter((id) => !base.alive.includes(id)),
    base,
  };
}

/**
 * The answer to one change of the running state.
 * @param lost servers that are alive in `base`
 * @param back servers that are not
 */
export function entryOf(
  whatIf: WhatIf,
  base: Plan,
  situation: Situation,
  lost: string[],
  back: string[],
): BookEntry {
  const down = [...situation.down.filter((id) => !back.includes(id)), ...lost];
  return { lost, back, ...whatIf.plan({ ...situation, owners: base.assignment, down }) };
}

/**
 * Sets of `alive` servers that may fail at the same time and leave at least one: sets of one
 * server, of two, and so on, each in the order of the servers. With more than
 * WHOLE_BOOK_SERVERS_MAX servers in the aircraft, pairs are the largest sets.
 */
export function lossesOf(alive: readonly string[], serverCount: number): string[][] {
  const largest = serverCount <= WHOLE_BOOK_SERVERS_MAX ? alive.length - 1 : 2;
  const sizes = Array.from({ length: Math.min(largest, alive.length - 1) }, (_, size) => size + 1);
  return sizes.flatMap((size) => subsets(alive, size));
}

function subsets(of: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return of.flatMap((first, index) =>
    subsets(of.slice(index + 1), size - 1).map((rest) => [first, ...rest]),
  );
}

/** Whether a function that runs before `entry` no longer runs. */
export function stops(base: Plan, entry: Plan, id: string): boolean {
  return (base.assignment[id] ?? null) !== null && (entry.assignment[id] ?? null) === null;
}
