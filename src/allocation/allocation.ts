/**
 * What an allocation policy reads and writes, preallocated. A policy is a pure function of the
 * function table and these inputs: the same inputs give the same outputs on every server (P5).
 */
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

export class Allocation {
  // ---- inputs
  /**
   * Mask of the operable servers (patent [0034]); the resource of every other one counts as zero.
   */
  operable = 0;
  /**
   * Server on which each function runs now, or NONE. A function on an inoperable server counts as
   * unallocated.
   */
  readonly current = new Int8Array(FUNCTIONS_MAX);
  /**
   * Not 0: the function runs nowhere yet, and `current` is the server that claims it. A claim shows
   * what another server made of the same event.
   */
  readonly claimed = new Uint8Array(FUNCTIONS_MAX);
  /** Mask of the servers on which each function cannot run: its process failed there. */
  readonly cannotRun = new Uint16Array(FUNCTIONS_MAX);
  /** Percentage of its resource that each server withholds. */
  readonly withheld = new Uint8Array(SERVERS_MAX);
  /** Hold: what runs is not moved without need, say during announcements. It may be stopped. */
  holds = false;

  // ---- outputs
  /** Server to which each function is assigned, or NONE. */
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  /**
   * RR(Sx), equation (1) in patent [0030]; 0 for an inoperable server. Dimension d is at
   * d × SERVERS_MAX + x.
   */
  readonly remaining = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  /** Elementary steps: one server looked at, or one function visited. The measure of P7. */
  steps = 0;
  /** Functions stopped for more important ones (S14), including those placed again later. */
  stops = 0;
  /** How far a search's answer is proven best: PROVEN_* of planned/planner. */
  proven = 0;

  // ---- working columns of FIG. 4: each server's functions, linked by importance
  readonly leastImportant = new Int16Array(SERVERS_MAX);
  readonly nextMoreImportant = new Int16Array(FUNCTIONS_MAX);

  constructor() {
    this.current.fill(NONE);
    this.assigned.fill(NONE);
  }
}

/** A way to decide who runs what; `policies.ts` lists all. */
export interface Policy {
  /** Its name in the configuration. */
  readonly name: string;
  /**
   * What runs on an operable server stays there, however it came there, unless something more
   * important needs the room: so a move by hand lasts.
   */
  readonly keepsRunning: boolean;
  /** Many answers may be equally good, and other inputs may lead to another one. */
  readonly searches: boolean;
  /** Works out answers ahead, in slices; null: answers are immediate. */
  readonly planner: ((table: FunctionTable) => SlicedAnswer) | null;
  /** Fills the outputs of `allocation` from its inputs and `table`. */
  readonly allocate: (table: FunctionTable, allocation: Allocation) => void;
}

/** An answer worked out in slices; it depends on the inputs alone. */
export interface SlicedAnswer {
  /** Elementary steps so far, since `begin`. */
  readonly steps: number;
  /** The best answer so far. */
  readonly assigned: Int8Array;
  /** PROVEN_* of planned/planner. */
  readonly proven: number;
  /** Takes the inputs of `allocation`, and overwrites its outputs. */
  begin(allocation: Allocation): void;
  /** Runs about this many steps. @returns whether the answer is complete */
  advance(steps: number): boolean;
  /** Writes the answer into the outputs of `allocation`. */
  finish(allocation: Allocation): void;
}

/**
 * Mask of the operable servers that may run function `index`. Of its partners that are assigned
 * already, it shares no server with one it must be apart from, and must join one it must be with.
 */
export function candidatesFor(table: FunctionTable, allocation: Allocation, index: number): number {
  let candidates = allocation.operable & table.eligible[index] & ~allocation.cannotRun[index];
  for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++) {
    const server = allocation.assigned[table.partner[at]];
    if (server === NONE) continue;
    if (table.isApart[at] !== 0) candidates &= ~(1 << server);
    else candidates &= 1 << server;
  }
  return candidates;
}

/**
 * S4: of the servers that may run function `index`, the one with the largest remaining resource in
 * the first dimension; on a tie the lower index; NONE: no server may run it. Looks at SERVERS_MAX
 * places whatever the aircraft, so that the path always has the same length.
 */
export function serverOfLargestRemaining(
  table: FunctionTable,
  allocation: Allocation,
  index: number,
): number {
  const candidates = candidatesFor(table, allocation, index);
  let largest = NONE;
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    if ((candidates & (1 << server)) === 0) continue;
    if (largest === NONE || allocation.remaining[server] > allocation.remaining[largest])
      largest = server;
  }
  return largest;
}

/** S5: whether `server` has room for function `index`, in every dimension. */
export function hasRoom(
  table: FunctionTable,
  { remaining }: Pick<Allocation, "remaining">,
  index: number,
  server: number,
): boolean {
  for (let dimension = 0; dimension < table.dimensions; dimension++) {
    const required = table.required[dimension * FUNCTIONS_MAX + index];
    if (remaining[dimension * SERVERS_MAX + server] < required) return false;
  }
  return true;
}

/** S6: assigns function `index` to `server`, which has room for it. */
export function assignTo(
  table: FunctionTable,
  allocation: Allocation,
  index: number,
  server: number,
): void {
  allocation.assigned[index] = server;
  for (let dimension = 0; dimension < table.dimensions; dimension++)
    allocation.remaining[dimension * SERVERS_MAX + server] -=
      table.required[dimension * FUNCTIONS_MAX + index];
}

/** 32-bit digest of an assignment: FNV-1a over each function's server + 1. */
export function assignmentDigest({ assigned }: Allocation, functions: number): number {
  let digest = 0x811c9dc5;
  for (let index = 0; index < functions; index++)
    digest = Math.imul(digest ^ (assigned[index] + 1), 0x01000193);
  return digest >>> 0;
}

/** S14, S15: unassigns function `index` and gives its server the resource back. */
export function takeAway(table: FunctionTable, allocation: Allocation, index: number): void {
  const server = allocation.assigned[index];
  allocation.assigned[index] = NONE;
  for (let dimension = 0; dimension < table.dimensions; dimension++)
    allocation.remaining[dimension * SERVERS_MAX + server] +=
      table.required[dimension * FUNCTIONS_MAX + index];
}

/** What `server` gives of its resource in a dimension while it withholds a percentage. */
export function givenResource(
  table: FunctionTable,
  server: number,
  dimension: number,
  withheld: number,
): number {
  const given = table.resource[dimension * SERVERS_MAX + server] * (100 - withheld);
  return (given - (given % 100)) / 100;
}

/**
 * Sets RR(Sx) = R(Sx) for operable servers and 0 for the others (patent [0034]: the resource of a
 * failed server becomes zero).
 */
export function resetRemaining(table: FunctionTable, allocation: Allocation): void {
  const { operable, remaining, withheld } = allocation;
  remaining.fill(0);
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    if ((operable & (1 << server)) === 0) continue;
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      remaining[dimension * SERVERS_MAX + server] = givenResource(
        table,
        server,
        dimension,
        withheld[server],
      );
  }
}
