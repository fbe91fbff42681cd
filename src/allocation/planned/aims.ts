/**
 * What makes one allocation better than another for the policy "planned". For each priority from 10
 * down: as many as possible of the functions that run keep running, then as many as possible of the
 * others start; then the fewest moves; then the most even remaining resource.
 */
import { PRIORITY_MAX, SERVERS_MAX } from "../../limits.ts";
import { NONE } from "../function-table.ts";

/** Two classes per priority: functions that run already, then those that do not. */
export const CLASSES = 2 * PRIORITY_MAX;

export function classOf(priority: number, runs: boolean): number {
  return 2 * (PRIORITY_MAX - priority) + (runs ? 0 : 1);
}

export class Aims {
  /** Functions that run, per class. */
  readonly running = new Int32Array(CLASSES);
  /** Functions that run and go to another server. */
  moves = 0;
  /** Unevenness of what remains: {@link spreadOf}. */
  spread = 0;

  copy(other: Aims): void {
    this.running.set(other.running);
    this.moves = other.moves;
    this.spread = other.spread;
  }

  /** More functions run than with `other` in the first class in which the two differ. */
  runsMoreThan(other: Aims): boolean {
    for (let place = 0; place < CLASSES; place++) {
      const more = this.running[place] - other.running[place];
      if (more !== 0) return more > 0;
    }
    return false;
  }

  isBetterThan(other: Aims): boolean {
    if (this.runsMoreThan(other)) return true;
    if (other.runsMoreThan(this)) return false;
    if (this.moves !== other.moves) return this.moves < other.moves;
    return this.spread < other.spread;
  }

  /** Measures an assignment. `remaining`: per server, in the first dimension. */
  measure(
    assigned: Int8Array,
    remaining: Int32Array,
    {
      functions,
      current,
      klass,
      operable,
    }: {
      readonly functions: number;
      readonly current: Int8Array;
      readonly klass: Uint8Array;
      readonly operable: number;
    },
  ): void {
    this.running.fill(0);
    this.moves = 0;
    for (let index = 0; index < functions; index++) {
      if (assigned[index] === NONE) continue;
      this.running[klass[index]]++;
      if (current[index] !== NONE && current[index] !== assigned[index]) this.moves++;
    }
    this.spread = spreadOf(remaining, operable);
  }
}

/**
 * Unevenness of the remaining resource r of n servers: n × Σr² − (Σr)², n² times its variance. A
 * whole number, 0 when all are equal, below 2⁵³ for every table.
 */
export function spreadOf(remaining: Int32Array, operable: number): number {
  let servers = 0;
  let sum = 0;
  let squares = 0;
  for (let server = 0; server < SERVERS_MAX; server++) {
    if ((operable & (1 << server)) === 0) continue;
    servers++;
    sum += remaining[server];
    squares += remaining[server] * remaining[server];
  }
  return servers * squares - sum * sum;
}

/** Remaining resource per server, the largest first: working memory of {@link leastSpread}. */
const levels = new Float64Array(SERVERS_MAX);

/**
 * A lower bound of the spread once `load` more is given out, in any portions.
 *
 * @param isWhole all of it must be given out; otherwise at most that much
 */
export function leastSpread(
  remaining: Int32Array,
  operable: number,
  load: number,
  isWhole: boolean,
): number {
  let count = 0;
  for (let server = 0; server < SERVERS_MAX; server++) {
    if ((operable & (1 << server)) === 0) continue;
    let at = count++;
    for (; at > 0 && levels[at - 1] < remaining[server]; at--) levels[at] = levels[at - 1];
    levels[at] = remaining[server];
  }
  // The roomiest come down together to the level of the next.
  let left = load;
  let level = levels[0];
  let top = 1;
  for (; top < count; top++) {
    const needed = (level - levels[top]) * top;
    if (needed > left) break;
    left -= needed;
    level = levels[top];
  }
  if (top === count && !isWhole) return 0;
  const lower = (left - (left % top)) / top;
  const whole = spreadAt(count, top, level - lower, left % top);
  if (isWhole) return whole;
  // Or a little less, so that the roomiest are level: one of them lower may be worse than none.
  return Math.min(whole, spreadAt(count, top, level - lower, 0));
}

/** The spread with the `top` roomiest at `level`, `lowest` of them one below it. */
function spreadAt(count: number, top: number, level: number, lowest: number): number {
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < count; at++) {
    const value = at < lowest ? level - 1 : at < top ? level : levels[at];
    sum += value;
    squares += value * value;
  }
  return count * squares - sum * sum;
}
