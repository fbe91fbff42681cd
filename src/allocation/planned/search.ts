/**
 * Depth-first search for an allocation. Its stack is in preallocated columns, so it can pause after
 * any step and go on later.
 *
 * One search answers one question: is there an allocation with a given number of running functions
 * per class, a maximum of moves, and a spread below a limit? Functions get their servers one after
 * the other, the largest first. A branch is left if what is still to be placed cannot fit, or if it
 * differs from one that was tried only in names.
 */
import { assert } from "../../assert.ts";
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../../limits.ts";
import { type FunctionTable, NONE } from "../function-table.ts";
import { CLASSES, leastSpread, spreadOf } from "./aims.ts";
import type { Problem } from "./problem.ts";

// ---- results of a search
export const GOES_ON = 0;
/** `assigned` and `free` hold the answer. */
export const FOUND = 1;
/** There is none. */
export const NOWHERE = 2;

/** Stands among the servers tried for: left out. */
const OUT = SERVERS_MAX;
const OUT_BIT = 1 << OUT;
const UNSET = -2;

/** A sum per function, and a 0 per class. */
const RELIEF_COLUMN = FUNCTIONS_MAX + CLASSES;

export class Search {
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  /** Remaining resource; dimension d is at d × SERVERS_MAX + x. */
  readonly free = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  /** Options tried. */
  steps = 0;

  private readonly table: FunctionTable;
  private count = 0;
  private depth = 0;
  private readonly items = new Uint16Array(FUNCTIONS_MAX);
  /** Per depth: the server of its function, OUT or UNSET; options tried; and servers entered. */
  private readonly placed = new Int8Array(FUNCTIONS_MAX + 1);
  private readonly tried = new Int32Array(FUNCTIONS_MAX + 1);
  private readonly entered = new Int32Array(FUNCTIONS_MAX + 1);
  /** Per depth: an earlier depth whose function differs only in name, or NONE. */
  private readonly same = new Int16Array(FUNCTIONS_MAX);
  /**
   * Per depth: an earlier one of the same kind that takes no less and is left out first, or NONE.
   */
  private readonly larger = new Int16Array(FUNCTIONS_MAX);
  /** What the functions from a depth on take; dimension d is at d × (FUNCTIONS_MAX + 1). */
  private readonly needed = new Int32Array(DIMENSIONS_MAX * (FUNCTIONS_MAX + 1));
  /** The smallest of these, in the first dimension. */
  private readonly least = new Int32Array(FUNCTIONS_MAX + 1);
  /** Functions that may still be left out: per class, and in all. */
  private readonly outs = new Int32Array(CLASSES);
  private outsLeft = 0;
  /** Functions of each class up to this depth. */
  private readonly passed = new Int32Array(CLASSES);
  /** The most that those take that may still be left out, per dimension. */
  private readonly relief = new Int32Array(DIMENSIONS_MAX);
  /** See {@link sumUpRelief}. */
  private readonly reliefOf = new Int32Array(DIMENSIONS_MAX * RELIEF_COLUMN);
  /** Where each class begins in a column of {@link reliefOf}, with a 0; the end of the last one. */
  private readonly reliefStart = new Int32Array(CLASSES + 1);
  private readonly lastOfClass = new Int16Array(CLASSES);
  /** Moves left, and whether every function may move. */
  private moves = 0;
  private mayMoveAll = false;
  private spreadBelow = 0;
  private isEven = false;
  /** Placed functions with partners, per server: no other server is quite like it. */
  private readonly entangled = new Uint16Array(SERVERS_MAX);

  constructor(private readonly problem: Problem) {
    this.table = problem.table;
  }

  /**
   * Asks whether functions of the classes up to `classes` can be placed.
   *
   * @param running at least this many per class run
   * @param moves at most this many of those that run already move
   * @param spreadBelow Infinity: any spread, and the tightest server is tried first; otherwise the
   *   roomiest
   */
  ask(classes: number, running: Int32Array, moves: number, spreadBelow: number): void {
    const { problem } = this;
    this.moves = moves;
    this.mayMoveAll = moves >= problem.functions;
    this.spreadBelow = spreadBelow;
    this.isEven = spreadBelow !== Number.POSITIVE_INFINITY;
    this.free.set(problem.capacity);
    this.assigned.fill(NONE);
    this.entangled.fill(0);
    this.lastOfClass.fill(NONE);
    this.count = 0;
    // With few moves, what runs goes first: most of it stays.
    if (this.mayMoveAll) this.line(classes, true, true);
    else {
      this.line(classes, true, false);
      this.line(classes, false, true);
    }
    this.sumUp();
    this.sumUpRelief();
    this.outs.fill(0);
    this.outsLeft = 0;
    for (let klass = 0; klass <= classes; klass++)
      this.pass(klass, 0, problem.ofClass[klass] - running[klass]);
    this.depth = 0;
    this.open();
  }

  private line(classes: number, running: boolean, others: boolean): void {
    const { problem } = this;
    for (let at = 0; at < problem.functions; at++) {
      const index = problem.bySize[at];
      if (problem.mask[index] === 0 || problem.klass[index] > classes) continue;
      if (!(problem.current[index] === NONE ? others : running)) continue;
      this.link(this.count, index);
      this.items[this.count++] = index;
    }
  }

  /** Links a function to the one before it in its class if that is the same, or larger. */
  private link(depth: number, index: number): void {
    const { table, problem } = this;
    const klass = problem.klass[index];
    const last = this.lastOfClass[klass];
    this.lastOfClass[klass] = depth;
    this.same[depth] = NONE;
    this.larger[depth] = NONE;
    if (last === NONE || !this.areOfAKind(index, this.items[last])) return;
    let takesAsMuch = true;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const column = dimension * FUNCTIONS_MAX;
      const before = table.required[column + this.items[last]];
      const now = table.required[column + index];
      if (before < now) return;
      if (before !== now) takesAsMuch = false;
    }
    const isStart = problem.current[index] === NONE;
    const isSame = takesAsMuch && isStart;
    if (isSame) this.same[depth] = last;
    // The larger one may give a more even load, or save a move where it stays.
    const mayBeLarger = this.isEven || !(this.mayMoveAll || isStart);
    if (isSame || !mayBeLarger) this.larger[depth] = last;
  }

  private areOfAKind(index: number, other: number): boolean {
    const { table, problem } = this;
    return (
      problem.mask[index] === problem.mask[other] &&
      table.partnerStart[index] === table.partnerStart[index + 1] &&
      table.partnerStart[other] === table.partnerStart[other + 1]
    );
  }

  private sumUp(): void {
    const { table, items, needed, least, count } = this;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const column = dimension * (FUNCTIONS_MAX + 1);
      needed[column + count] = 0;
      for (let at = count - 1; at >= 0; at--)
        needed[column + at] =
          needed[column + at + 1] + table.required[dimension * FUNCTIONS_MAX + items[at]];
    }
    least[count] = 0;
    for (let at = count - 1; at >= 0; at--) {
      const required = table.required[items[at]];
      least[at] = at === count - 1 || required < least[at + 1] ? required : least[at + 1];
    }
  }

  /**
   * Prepares the relief: for every class, in the order of the search, the largest requirement from
   * each function on, summed up. So the n largest of what follows take at most the next n.
   */
  private sumUpRelief(): void {
    const { table, problem, items, count, passed, reliefOf, reliefStart } = this;
    passed.fill(0);
    for (let at = 0; at < count; at++) passed[problem.klass[items[at]]]++;
    for (let klass = 0; klass < CLASSES; klass++)
      reliefStart[klass + 1] = reliefStart[klass] + passed[klass] + 1;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const column = dimension * RELIEF_COLUMN;
      reliefOf.fill(0, column, column + reliefStart[CLASSES]);
      for (let klass = 0; klass < CLASSES; klass++) passed[klass] = reliefStart[klass + 1];
      for (let at = count - 1; at >= 0; at--) {
        const klass = problem.klass[items[at]];
        const place = column + --passed[klass];
        const required = table.required[dimension * FUNCTIONS_MAX + items[at]];
        const isLast = passed[klass] + 1 === reliefStart[klass + 1];
        const after = isLast ? 0 : reliefOf[place + 1];
        reliefOf[place] = Math.max(required, after);
      }
      for (let klass = 0; klass < CLASSES; klass++) {
        let sum = 0;
        for (let place = reliefStart[klass] + 1; place < reliefStart[klass + 1]; place++) {
          sum += reliefOf[column + place];
          reliefOf[column + place] = sum;
        }
      }
    }
    passed.fill(0);
    this.relief.fill(0);
  }

  private open(): void {
    const { depth } = this;
    this.placed[depth] = UNSET;
    this.tried[depth] = 0;
    this.entered[depth] = 0;
    if (depth < this.count) this.pass(this.problem.klass[this.items[depth]], 1, 0);
  }

  private close(): void {
    this.pass(this.problem.klass[this.items[this.depth]], -1, 0);
    this.depth--;
  }

  /** Runs at most this many steps. */
  advance(steps: number): number {
    if (this.depth < 0) return NOWHERE;
    const end = this.steps + steps;
    for (;;) {
      if (this.depth === this.count) {
        const isAnswer =
          !this.isEven || spreadOf(this.free, this.problem.operable) < this.spreadBelow;
        this.depth--; // continues here when asked again
        if (isAnswer) return FOUND;
        if (this.depth < 0) return NOWHERE;
      }
      if (this.steps >= end) return GOES_ON;
      this.steps++;
      this.takeBack();
      const option = this.option();
      if (option === NONE) {
        this.close();
        if (this.depth < 0) return NOWHERE;
        continue;
      }
      this.place(option);
      if (!this.canGoOn()) continue;
      this.depth++;
      this.open();
    }
  }

  /** The next answer must be more even. */
  demand(spreadBelow: number): void {
    this.spreadBelow = spreadBelow;
  }

  /**
   * Adds a function to an answer: where it runs, or else, if it may move, on the roomiest server.
   */
  placeWhereRoomiest(index: number): void {
    const { problem, free } = this;
    const from = problem.current[index];
    let candidates = this.candidates(index);
    if (from !== NONE && (candidates & (1 << from)) !== 0) candidates = 1 << from;
    else if (from !== NONE && problem.movesMax === 0) return;
    let best = NONE;
    for (let left = candidates; left !== 0; left &= left - 1) {
      const server = 31 - Math.clz32(left & -left);
      if (!this.hasRoom(index, server)) continue;
      if (best === NONE || free[server] > free[best]) best = server;
    }
    if (best !== NONE) this.enter(index, best);
  }

  private enter(index: number, server: number): void {
    const { table } = this;
    this.assigned[index] = server;
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      this.free[dimension * SERVERS_MAX + server] -=
        table.required[dimension * FUNCTIONS_MAX + index];
  }

  private takeBack(): void {
    const { depth, table } = this;
    const server = this.placed[depth];
    if (server === UNSET) return;
    const index = this.items[depth];
    const klass = this.problem.klass[index];
    this.placed[depth] = UNSET;
    if (server === OUT) {
      this.pass(klass, 0, 1);
      return;
    }
    this.assigned[index] = NONE;
    this.entangle(index, server, -1);
    for (let dimension = 0; dimension < table.dimensions; dimension++)
      this.free[dimension * SERVERS_MAX + server] +=
        table.required[dimension * FUNCTIONS_MAX + index];
    const from = this.problem.current[index];
    if (from !== NONE && from !== server) this.moves++;
  }

  private place(server: number): void {
    const { depth } = this;
    const index = this.items[depth];
    const klass = this.problem.klass[index];
    this.placed[depth] = server;
    this.tried[depth] |= 1 << server;
    if (server === OUT) {
      this.pass(klass, 0, -1);
      return;
    }
    this.entered[depth] |= 1 << server;
    this.entangle(index, server, 1);
    this.enter(index, server);
    const from = this.problem.current[index];
    if (from !== NONE && from !== server) this.moves--;
  }

  private entangle(index: number, server: number, by: number): void {
    const { partnerStart } = this.table;
    if (partnerStart[index] !== partnerStart[index + 1]) this.entangled[server] += by;
  }

  /** Passes functions of a class, back if negative, and changes how many may be left out. */
  private pass(klass: number, functions: number, outs: number): void {
    const { relief, reliefOf, table } = this;
    if (outs === 0 && this.outs[klass] === 0) {
      this.passed[klass] += functions; // nothing of it may be left out
      return;
    }
    const end = this.reliefStart[klass + 1] - 1;
    const from = this.reliefStart[klass] + this.passed[klass];
    const to = Math.min(from + this.outs[klass], end);
    this.passed[klass] += functions;
    this.outs[klass] += outs;
    this.outsLeft += outs;
    const nowFrom = from + functions;
    const nowTo = Math.min(nowFrom + this.outs[klass], end);
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const at = dimension * RELIEF_COLUMN;
      relief[dimension] +=
        reliefOf[at + nowTo] - reliefOf[at + nowFrom] - reliefOf[at + to] + reliefOf[at + from];
    }
  }

  /** The next server to try for the function at this depth, OUT, or NONE. */
  private option(): number {
    const { depth, problem, free } = this;
    const index = this.items[depth];
    const from = problem.current[index];
    let candidates = this.candidates(index) & ~this.tried[depth];
    if (from !== NONE && (candidates & (1 << from)) !== 0) return from;
    if (from !== NONE && this.moves === 0) candidates = 0;
    const same = this.same[depth];
    const after = same === NONE || this.placed[same] === OUT ? 0 : this.placed[same];
    let best = NONE;
    for (let left = candidates; left !== 0; left &= left - 1) {
      const server = 31 - Math.clz32(left & -left);
      if (server < after || !this.hasRoom(index, server)) continue;
      if (best !== NONE && free[server] === free[best]) continue;
      if (best !== NONE && free[server] > free[best] !== this.isEven) continue;
      if (!this.wasTried(server)) best = server;
    }
    if (best !== NONE) return best;
    if ((this.tried[depth] & OUT_BIT) !== 0 || this.outs[problem.klass[index]] === 0) return NONE;
    const larger = this.larger[depth];
    return larger === NONE || this.placed[larger] === OUT ? OUT : NONE;
  }

  /** Servers that may run the function, given the partners placed so far. */
  private candidates(index: number): number {
    const { table, assigned } = this;
    let candidates = this.problem.mask[index];
    for (let at = table.partnerStart[index]; at < table.partnerStart[index + 1]; at++) {
      const server = assigned[table.partner[at]];
      if (server === NONE) continue;
      if (table.isApart[at] !== 0) candidates &= ~(1 << server);
      else candidates &= 1 << server;
    }
    // Where it runs there is room only if nothing else took it.
    const from = this.problem.current[index];
    if (from !== NONE && (candidates & (1 << from)) !== 0 && !this.hasRoom(index, from))
      candidates &= ~(1 << from);
    return candidates;
  }

  private hasRoom(index: number, server: number): boolean {
    const { table, free } = this;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      const required = table.required[dimension * FUNCTIONS_MAX + index];
      if (free[dimension * SERVERS_MAX + server] < required) return false;
    }
    return true;
  }

  /** A server alike and equally free was tried here: this one leads to the same. */
  private wasTried(server: number): boolean {
    const { depth, table, free } = this;
    const { alike, current } = this.problem;
    if (this.entered[depth] === 0) return false;
    if (!this.mayMoveAll && current[this.items[depth]] !== NONE) return false;
    if (this.entangled[server] > 0) return false;
    for (let left = this.entered[depth]; left !== 0; left &= left - 1) {
      const other = 31 - Math.clz32(left & -left);
      if (alike[other] !== alike[server] || this.entangled[other] > 0) continue;
      let isSame = true;
      for (let dimension = 0; dimension < table.dimensions; dimension++) {
        const column = dimension * SERVERS_MAX;
        if (free[column + other] !== free[column + server]) isSame = false;
      }
      if (isSame) return true;
    }
    return false;
  }

  /** What is still to be placed may fit, and evenly enough. */
  private canGoOn(): boolean {
    const { table, needed, free } = this;
    const next = this.depth + 1;
    const { operable } = this.problem;
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      let left = needed[dimension * (FUNCTIONS_MAX + 1) + next];
      left -= this.relief[dimension];
      const column = dimension * SERVERS_MAX;
      const least = dimension === 0 ? this.least[next] : 0;
      for (let servers = operable; servers !== 0 && left > 0; servers &= servers - 1) {
        const room = free[column + 31 - Math.clz32(servers & -servers)];
        if (room >= least) left -= room; // less is of no use to any
      }
      if (left > 0) return false;
    }
    if (!this.isEven) return true;
    return leastSpread(free, operable, needed[next], this.outsLeft === 0) < this.spreadBelow;
  }
}

assert(OUT < 31, "a set of options is one word");
