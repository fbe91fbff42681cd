/** Which functions must be together and which apart, combined from what each of them names. */
import type { FunctionConfig } from "./model.ts";

/** Partners as named by a function; unknown identifiers are ignored. */
export type Saying = Pick<FunctionConfig, "id" | "with" | "apartFrom">;

/** For each function the indexes of others, ascending. */
export interface Partners {
  together: number[][];
  apart: number[][];
}

/**
 * Naming by one of two functions counts for both. `with` is transitive and forms groups; being
 * apart concerns only two functions.
 */
export function partnersOf(functions: readonly Saying[]): Partners {
  const links = linksOf(functions, "with");
  return {
    together: functions.map((_, index) => rising([...reachedFrom(index, links).keys()].slice(1))),
    apart: linksOf(functions, "apartFrom").map((set) => rising([...set])),
  };
}

/** Functions on the chain of `with` from one function to another, in that order. */
export function between(functions: readonly Saying[], from: number, to: number): number[] {
  const reachedBy = reachedFrom(from, linksOf(functions, "with"));
  const way: number[] = [];
  for (let at = reachedBy.get(to); at !== undefined && at !== from; at = reachedBy.get(at))
    way.unshift(at);
  return way;
}

/** For each function the ones that it names in `key`, and the ones that name it. */
function linksOf(functions: readonly Saying[], key: "with" | "apartFrom"): Set<number>[] {
  const indexes = new Map(functions.map(({ id }, index) => [id, index]));
  const links = functions.map(() => new Set<number>());
  functions.forEach((entry, index) => {
    for (const id of entry[key]) {
      const other = indexes.get(id);
      if (other === undefined || other === index) continue;
      links[index]?.add(other);
      links[other]?.add(index);
    }
  });
  return links;
}

/**
 * All functions linked with `start`, near ones first and `start` itself before all, each with the
 * one from which it was reached.
 */
function reachedFrom(start: number, links: readonly ReadonlySet<number>[]): Map<number, number> {
  const reachedBy = new Map([[start, start]]);
  for (const at of reachedBy.keys())
    for (const next of links[at] ?? []) if (!reachedBy.has(next)) reachedBy.set(next, at);
  return reachedBy;
}

function rising(indexes: readonly number[]): number[] {
  return indexes.toSorted((a, b) => a - b);
}
