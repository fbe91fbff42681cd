/**
 * The inputs of one allocation, prepared for the search: who may run where, what runs, and which
 * servers are alike.
 */
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../../limits.ts";
import { type Allocation, givenResource } from "../allocation.ts";
import { type FunctionTable, NONE } from "../function-table.ts";
import { CLASSES, classOf } from "./aims.ts";

export class Problem {
  operable = 0;
  /** The most moves allowed: 0 on hold. */
  movesMax = 0;
  readonly functions: number;
  /** What each server gives; dimension d is at d × SERVERS_MAX + x. */
  readonly capacity = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  private readonly free = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  /** Mask of the servers that may run each function and have room for it when empty. */
  readonly mask = new Uint16Array(FUNCTIONS_MAX);
  /** Where each function runs and may stay, or NONE. */
  readonly current = new Int8Array(FUNCTIONS_MAX);
  readonly klass = new Uint8Array(FUNCTIONS_MAX);
  /** Functions that some server could run, per class. */
  readonly ofClass = new Int32Array(CLASSES);
  /** The lowest server that is alike: the same functions may run there. */
  readonly alike = new Uint8Array(SERVERS_MAX);
  /** Functions by the share that they take of all servers' resource, the largest first. */
  readonly bySize: Uint16Array;
  /** Functions by required resource, the smallest first; dimension d is at d × functions. */
  readonly byRequired: Uint16Array;

  constructor(readonly table: FunctionTable) {
    this.functions = table.functionCount;
    const indices = Array.from(table.turn.subarray(0, this.functions));
    const sizes = indices.map((_, index) => sizeOf(table, index));
    this.bySize = Uint16Array.from(
      indices.toSorted((a, b) => (sizes[b] as number) - (sizes[a] as number)),
    );
    this.byRequired = new Uint16Array(table.dimensions * this.functions);
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const required = (index: number): number =>
        table.required[dimension * FUNCTIONS_MAX + index] as number;
      this.byRequired.set(
        indices.toSorted((a, b) => required(a) - required(b)),
        dimension * this.functions,
      );
    }
  }

  take(allocation: Allocation): void {
    const { table } = this;
    this.operable = allocation.operable;
    this.movesMax = allocation.holds ? 0 : this.functions;
    this.ofClass.fill(0);
    for (let server = 0; server < SERVERS_MAX; server++) {
      const gives = (this.operable & (1 << server)) !== 0;
      for (let dimension = 0; dimension < table.dimensions; dimension++)
        this.capacity[dimension * SERVERS_MAX + server] = gives
          ? givenResource(table, server, dimension, allocation.withheld[server])
          : 0;
    }
    for (let index = 0; index < this.functions; index++) {
      const mask = this.operable & table.eligible[index] & ~allocation.cannotRun[index];
      const runs = allocation.current[index];
      const stays = runs !== NONE && (mask & (1 << runs)) !== 0;
      this.current[index] = stays ? runs : NONE;
      this.klass[index] = classOf(table.priority[index], stays);
      this.mask[index] = this.roomy(index, mask);
      if (this.mask[index] !== 0) this.ofClass[this.klass[index]]++;
    }
    if (allocation.holds) this.freeWhatCannotStay();
    for (let server = 0; server < SERVERS_MAX; server++)
      this.alike[server] = this.firstAlike(server);
  }

  /**
   * On hold, functions stay as long as their server gives enough, the most important first. One
   * that no longer fits may go elsewhere rather than stop, and that counts as no move.
   */
  private freeWhatCannotStay(): void {
    const { table, free, current } = this;
    free.set(this.capacity);
    for (let turn = 0; turn < this.functions; turn++) {
      const index = table.turn[turn];
      const server = current[index];
      if (server === NONE) continue;
      let fits = true;
      for (let dimension = 0; dimension < table.dimensions; dimension++) {
        const required = table.required[dimension * FUNCTIONS_MAX + index];
        if (free[dimension * SERVERS_MAX + server] < required) fits = false;
      }
      if (!fits) current[index] = NONE;
      for (let dimension = 0; fits && dimension < table.dimensions; dimension++)
        free[dimension * SERVERS_MAX + server] -= table.required[dimension * FUNCTIONS_MAX + index];
    }
  }

  /** Those of the mask that have room for the function when empty. */
  private roomy(index: number, mask: number): number {
    const { table, capacity } = this;
    let roomy = mask;
    for (let left = mask; left !== 0; left &= left - 1) {
      const server = 31 - Math.clz32(left & -left);
      for (let dimension = 0; dimension < table.dimensions; dimension++) {
        const required = table.required[dimension * FUNCTIONS_MAX + index];
        if (capacity[dimension * SERVERS_MAX + server] < required) roomy &= ~(1 << server);
      }
    }
    return roomy;
  }

  private firstAlike(server: number): number {
    if ((this.operable & (1 << server)) === 0) return server;
    for (let other = 0; other < server; other++)
      if (this.alike[other] === other && this.areAlike(server, other)) return other;
    return server;
  }

  /** The same functions may run there. How much they have is left to the search. */
  private areAlike(server: number, other: number): boolean {
    if ((this.operable & (1 << other)) === 0) return false;
    const { mask } = this;
    for (let index = 0; index < this.functions; index++)
      if (((mask[index] >>> server) & 1) !== ((mask[index] >>> other) & 1)) return false;
    return true;
  }
}

/** The function's share of all resource, in the dimension of which it takes the largest share. */
function sizeOf(table: FunctionTable, index: number): number {
  let size = 0;
  for (let dimension = 0; dimension < table.dimensions; dimension++) {
    let all = 1;
    for (let server = 0; server < table.serverCount; server++)
      all += table.resource[dimension * SERVERS_MAX + server];
    size = Math.max(size, table.required[dimension * FUNCTIONS_MAX + index] / all);
  }
  return size;
}
