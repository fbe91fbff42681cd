/** Systems in the patent's own terms, for the tests of its paragraphs about allocation. */
import { Allocation, type Policy } from "../../src/allocation/allocation.ts";
import { FunctionTable, NONE, PROCESS_NONE } from "../../src/allocation/function-table.ts";

/** Servers 102a and 102b, and more where a paragraph speaks of more. */
export const A = 0;
export const B = 1;
export const C = 2;

/** A row of the service function management table: NR(Fy), P(Fy). */
export type Fy = [required: number, priority: number];

export interface Answer {
  /** Server of each function; null when it is not allocated. */
  assigned: (number | null)[];
  /** RR(Sx). */
  remaining: number[];
  /** Passages of S14. */
  stops: number;
}

/** The servers R(Sx) and the functions Fyi of one aircraft, every function eligible everywhere. */
export function tableOf(resources: number[], functions: Fy[]): FunctionTable {
  return new FunctionTable(
    resources,
    functions.map(([required, priority]) => ({
      required,
      priority,
      servers: (1 << resources.length) - 1,
      process: PROCESS_NONE,
      stopGraceMs: 0,
    })),
  );
}

/**
 * Executes the allocating process with the servers of `operable`; `current` tells where each
 * function runs now, by default nowhere. Each call represents another server that computes, with
 * its own Allocation.
 */
export function allocate(
  policy: Policy,
  table: FunctionTable,
  operable: number[],
  current: (number | null)[] = [],
): Answer {
  const allocation = new Allocation();
  allocation.operable = operable.reduce((mask, x) => mask | (1 << x), 0);
  current.forEach((x, y) => {
    allocation.current[y] = x ?? NONE;
  });
  policy.allocate(table, allocation);
  return {
    assigned: Array.from({ length: table.functionCount }, (_, y) =>
      allocation.assigned[y] === NONE ? null : allocation.assigned[y],
    ),
    remaining: [...allocation.remaining.slice(0, table.serverCount)],
    stops: allocation.stops,
  };
}
