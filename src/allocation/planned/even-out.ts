/**
 * Makes an allocation more even, downhill: a function that is about to start, or moves anyway, goes
 * to another server or swaps places with another such function, as long as that helps. The search
 * that follows then has less to do.
 */
import { FUNCTIONS_MAX, SERVERS_MAX } from "../../limits.ts";
import { NONE } from "../function-table.ts";
import type { Problem } from "./problem.ts";

export class EvenOut {
  steps = 0;
  private readonly free = new Uint16Array(FUNCTIONS_MAX);
  private count = 0;

  constructor(private readonly problem: Problem) {}

  /** @param steps at most this many; each looks at one pair */
  run(assigned: Int8Array, remaining: Int32Array, steps: number): void {
    this.steps = 0;
    this.count = 0;
    const { problem, free } = this;
    for (let index = 0; index < problem.functions; index++) {
      if (assigned[index] === NONE || assigned[index] === problem.current[index]) continue;
      free[this.count++] = index;
    }
    while (this.steps < steps && this.improve(assigned, remaining, steps));
  }

  private improve(assigned: Int8Array, remaining: Int32Array, steps: number): boolean {
    const { problem, free } = this;
    let helped = false;
    for (let at = 0; at < this.count; at++) {
      const index = free[at];
      for (let left = problem.mask[index]; left !== 0; left &= left - 1) {
        if (++this.steps >= steps) return helped;
        const server = 31 - Math.clz32(left & -left);
        if (this.shift(assigned, remaining, index, server)) helped = true;
      }
      for (let other = at + 1; other < this.count; other++) {
        if (++this.steps >= steps) return helped;
        if (this.swap(assigned, remaining, index, free[other])) helped = true;
      }
    }
    return helped;
  }

  /** To another server, if that makes what remains more even. */
  private shift(
    assigned: Int8Array,
    remaining: Int32Array,
    index: number,
    server: number,
  ): boolean {
    const from = assigned[index];
    const required = this.problem.table.required[index];
    if (server === from || server === this.problem.current[index]) return false;
    // Σr² falls: 2 × required × (r_from − r_server + required) < 0, and Σr stays.
    if (remaining[from] - remaining[server] + required >= 0) return false;
    this.take(assigned, remaining, index);
    const fits = this.fits(assigned, remaining, index, server);
    this.put(assigned, remaining, index, fits ? server : from);
    return fits;
  }

  private swap(assigned: Int8Array, remaining: Int32Array, one: number, other: number): boolean {
    const { table, current } = this.problem;
    const from = assigned[one];
    const to = assigned[other];
    const more = table.required[one] - table.required[other];
    if (from === to || more * (remaining[from] - remaining[to] + more) >= 0) return false;
    if (to === current[one] || from === current[other]) return false;
    this.take(assigned, remaining, one);
    this.take(assigned, remaining, other);
    let fits = this.fits(assigned, remaining, one, to);
    if (fits) {
      this.put(assigned, remaining, one, to);
      fits = this.fits(assigned, remaining, other, from);
      if (!fits) this.take(assigned, remaining, one);
    }
    if (!fits) this.put(assigned, remaining, one, from);
    this.put(assigned, remaining, other, fits ? from : to);
    return fits;
  }

  private fits(assigned: Int8Array, remaining: Int32Array, index: number, server: number): boolean {
    const { table, mask } = this.problem;
    if ((mask[index] & (1 << server)) === 0) return false;
    for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++) {
      const there = assigned[table.partner[at]];
      if (there !== NONE && (there === server) === (table.isApart[at] !== 0)) return false;
    }
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const required = table.required[dimension * FUNCTIONS_MAX + index];
      if (remaining[dimension * SERVERS_MAX + server] < required) return false;
    }
    return true;
  }

  private take(assigned: Int8Array, remaining: Int32Array, index: number): void {
    this.change(remaining, index, assigned[index], 1);
    assigned[index] = NONE;
  }

  private put(assigned: Int8Array, remaining: Int32Array, index: number, server: number): void {
    assigned[index] = server;
    this.change(remaining, index, server, -1);
  }

  private change(remaining: Int32Array, index: number, server: number, sign: number): void {
    const { table } = this.problem;
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      remaining[dimension * SERVERS_MAX + server] +=
        sign * table.required[dimension * FUNCTIONS_MAX + index];
  }
}
