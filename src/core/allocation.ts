/**
 * What an allocation policy reads and writes. Preallocated; every policy is a pure function of the
 * function table and the inputs here, and the same inputs always give the same outputs, in every
 * server (P5).
 */
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

export class Allocation {
  // ---- inputs
  /**
   * Mask of the servers operable in the system (patent [0034]); the resource of every other server
   * counts as zero.
   */
  operable = 0;
  /**
   * Server on which each function runs now, or NONE. A function on a server that is not operable
   * counts as unallocated.
   */
  readonly current = new Int8Array(FUNCTIONS_MAX);
  /** Mask of the servers on which each function cannot run: its process failed there. */
  readonly cannotRun = new Uint16Array(FUNCTIONS_MAX);

  // ---- outputs
  /** Server to which each function is assigned, or NONE. */
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  /** RR(Sx), equation (1) in patent [0030]; 0 for a server that is not operable. */
  readonly remaining = new Int32Array(SERVERS_MAX);
  /** Elementary steps taken (one server looked at, or one function visited): the measure of P7. */
  steps = 0;
  /**
   * Functions stopped for more important ones (S14), counted with those that were placed again
   * later.
   */
  stops = 0;

  // ---- working columns of FIG. 4, the functions of each server from the most to the least
  // important
  readonly leastImportant = new Int16Array(SERVERS_MAX);
  readonly nextMoreImportant = new Int16Array(FUNCTIONS_MAX);

  constructor() {
    this.current.fill(NONE);
    this.assigned.fill(NONE);
  }
}

/** A way to decide who runs what; all of them stand in policies. */
export interface Policy {
  /** As the configuration names it. */
  readonly name: string;
  /**
   * What runs on an operable server stays there, whatever ran it before, unless it is stopped for
   * something more important: where a function was moved by hand, it stays.
   */
  readonly keepsRunning: boolean;
  /** Fills the outputs of `allocation` from its inputs and `table`. */
  readonly allocate: (table: FunctionTable, allocation: Allocation) => void;
}

/**
 * S4: the operable server with the largest remaining resource that may run function `index`; on a
 * tie the lower server index. Looks at every place for a server, so that the path has the same
 * length for every aircraft. NONE when no server may run it.
 */
export function serverOfLargestRemaining(
  table: FunctionTable,
  allocation: Allocation,
  index: number,
): number {
  const candidates = allocation.operable & table.eligible[index] & ~allocation.cannotRun[index];
  let largest = NONE;
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    if ((candidates & (1 << server)) === 0) continue;
    if (largest === NONE || allocation.remaining[server] > allocation.remaining[largest])
      largest = server;
  }
  return largest;
}

/**
 * Sets RR(Sx) = R(Sx) for operable servers and 0 for the others (patent [0034]: the resource of a
 * failed server becomes zero).
 */
export function resetRemaining(table: FunctionTable, allocation: Allocation): void {
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    allocation.remaining[server] =
      (allocation.operable & (1 << server)) !== 0 ? table.resource[server] : 0;
  }
}
