/**
 * Works out the best allocation in the order of {@link Aims}. It starts from the best of FIG. 3,
 * FIG. 4 and FIG. 4 with dry runs, then searches: per class for one more running function, then for
 * fewer moves, then for a more even load. After a fixed number of steps it keeps the best found. It
 * may pause after any step; its answer depends on the inputs alone.
 */
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../../limits.ts";
import type { Allocation, Policy, SlicedAnswer } from "../allocation.ts";
import { type FunctionTable, NONE } from "../function-table.ts";
import { PREEMPT } from "../preempt.ts";
import { RESET } from "../reset.ts";
import { Aims, CLASSES } from "./aims.ts";
import { EvenOut } from "./even-out.ts";
import { allocateWithDryRuns } from "./greedy.ts";
import { Problem } from "./problem.ts";
import { FOUND, GOES_ON, NOWHERE, Search } from "./search.ts";

// ---- the aims up to which an answer is proven best
export const PROVEN_NOTHING = 0;
export const PROVEN_RUNNING = 1;
export const PROVEN_MOVES = 2;
export const PROVEN_EVEN = 3;

// ---- what the search looks for
const MORE_RUNNING = 0;
const FEWER_MOVES = 1;
const MORE_EVEN = 2;
const OVER = 3;

const GREEDY: readonly Policy["allocate"][] = [
  allocateWithDryRuns,
  PREEMPT.allocate,
  RESET.allocate,
];

export class Planner implements SlicedAnswer {
  readonly assigned = new Int8Array(FUNCTIONS_MAX);
  readonly remaining = new Int32Array(DIMENSIONS_MAX * SERVERS_MAX);
  readonly aims = new Aims();
  proven = PROVEN_NOTHING;
  steps = 0;

  private readonly problem: Problem;
  private readonly search: Search;
  private readonly evenOut: EvenOut;
  private readonly trialAims = new Aims();
  private stage = OVER;
  /** The class in which more are to run, or the moves allowed. */
  private at = 0;
  private readonly wanted = new Int32Array(CLASSES);
  private readonly seen = new Int32Array(CLASSES);
  private stepsLeft = 0;
  private questionLeft = 0;

  constructor(readonly table: FunctionTable) {
    this.problem = new Problem(table);
    this.search = new Search(this.problem);
    this.evenOut = new EvenOut(this.problem);
  }

  get isOver(): boolean {
    return this.stage === OVER;
  }

  begin(allocation: Allocation): void {
    const { problem, search } = this;
    problem.take(allocation);
    search.steps = 0;
    this.steps = 0;
    this.aims.running.fill(-1); // worse than any
    for (let place = 0; place < GREEDY.length; place++) {
      // If everything runs without a stop, the figures give the same, or move something.
      if (place > 0 && allocation.stops === 0 && this.runsAll()) break;
      (GREEDY[place] as Policy["allocate"])(this.table, allocation);
      this.steps += allocation.steps;
      this.consider(allocation.assigned, allocation.remaining);
    }
    this.proven = PROVEN_EVEN;
    this.stepsLeft = this.table.searchStepsMax;
    this.stage = MORE_RUNNING;
    this.at = 0;
    this.askForMore();
  }

  advance(steps: number): boolean {
    for (let left = steps; left > 0 && this.stage !== OVER; ) {
      const before = this.search.steps;
      const answer = this.search.advance(Math.min(left, this.questionLeft));
      const taken = this.search.steps - before;
      left -= taken + 1; // a question takes at least one
      this.questionLeft -= taken;
      this.stepsLeft -= taken;
      this.steps += taken;
      if (answer === FOUND) this.takeAnswer();
      else if (answer === NOWHERE || this.questionLeft <= 0) this.leaveQuestion(answer);
    }
    return this.stage === OVER;
  }

  finish(allocation: Allocation): void {
    const { problem } = this;
    allocation.assigned.set(this.assigned);
    allocation.remaining.set(this.remaining);
    allocation.steps = this.steps;
    allocation.proven = this.proven;
    allocation.stops = 0;
    for (let index = 0; index < problem.functions; index++)
      if (problem.current[index] !== NONE && this.assigned[index] === NONE) allocation.stops++;
  }

  private runsAll(): boolean {
    for (let klass = 0; klass < CLASSES; klass++)
      if (this.aims.running[klass] !== this.problem.ofClass[klass]) return false;
    return true;
  }

  private consider(assigned: Int8Array, remaining: Int32Array): void {
    const { trialAims, aims, problem } = this;
    trialAims.measure(assigned, remaining, problem);
    if (trialAims.moves > problem.movesMax || !trialAims.isBetterThan(aims)) return;
    aims.copy(trialAims);
    this.assigned.set(assigned);
    this.remaining.set(remaining);
  }

  // ---- questions

  private ask(classes: number, moves: number, spreadBelow: number): void {
    this.search.ask(classes, this.wanted, moves, spreadBelow);
    // No question uses up what the next ones need.
    const isLast = this.stage === MORE_EVEN;
    this.questionLeft = isLast ? this.stepsLeft : this.stepsLeft >> 1;
  }

  private takeAnswer(): void {
    const { search, stage } = this;
    if (stage === MORE_RUNNING) this.complete();
    this.consider(search.assigned, search.free);
    if (stage === MORE_RUNNING) this.askForMore();
    else if (stage === FEWER_MOVES) this.beginEven();
    else search.demand(this.aims.spread);
  }

  private leaveQuestion(answer: number): void {
    if (answer === GOES_ON) this.proven = Math.min(this.proven, this.stage);
    if (this.stage === MORE_RUNNING) {
      this.at++;
      this.askForMore();
    } else if (this.stage === FEWER_MOVES) {
      this.at++;
      if (answer === GOES_ON) this.beginEven();
      else this.askForFewerMoves();
    } else this.stage = OVER;
  }

  /** Asks for one more in the next class in which more may run. */
  private askForMore(): void {
    const { problem, aims, wanted } = this;
    for (; this.at < CLASSES; this.at++) {
      const running = aims.running[this.at];
      if (running === problem.ofClass[this.at] || this.runningMax(this.at) === running) continue;
      wanted.set(aims.running);
      wanted[this.at]++;
      this.ask(this.at, problem.movesMax, Number.POSITIVE_INFINITY);
      return;
    }
    this.stage = FEWER_MOVES;
    this.at = 0;
    this.askForFewerMoves();
  }

  private askForFewerMoves(): void {
    if (this.at >= this.aims.moves) {
      this.beginEven();
      return;
    }
    this.wanted.set(this.aims.running);
    this.ask(CLASSES - 1, this.at, Number.POSITIVE_INFINITY);
  }

  private beginEven(): void {
    const { aims, evenOut } = this;
    this.stage = MORE_EVEN;
    evenOut.run(this.assigned, this.remaining, this.stepsLeft);
    this.steps += evenOut.steps;
    this.stepsLeft = Math.max(0, this.stepsLeft - evenOut.steps);
    aims.measure(this.assigned, this.remaining, this.problem);
    this.wanted.set(aims.running);
    this.ask(CLASSES - 1, aims.moves, aims.spread);
  }

  /**
   * How many of a class can run at most beside as many of the classes before it as run: the
   * smallest of each, as if all servers were one.
   */
  private runningMax(klass: number): number {
    const { table, problem, aims, seen } = this;
    let max = problem.ofClass[klass];
    for (let dimension = 0; dimension < table.dimensions; dimension++) {
      let left = 0;
      for (let server = 0; server < SERVERS_MAX; server++)
        left += problem.capacity[dimension * SERVERS_MAX + server];
      seen.fill(0);
      const column = dimension * problem.functions;
      for (let at = 0; at < problem.functions; at++) {
        const index = problem.byRequired[column + at];
        const other = problem.klass[index];
        if (other >= klass || problem.mask[index] === 0 || seen[other] === aims.running[other])
          continue;
        seen[other]++;
        left -= table.required[dimension * FUNCTIONS_MAX + index];
      }
      let running = 0;
      for (let at = 0; at < problem.functions; at++) {
        const index = problem.byRequired[column + at];
        if (problem.klass[index] !== klass || problem.mask[index] === 0) continue;
        left -= table.required[dimension * FUNCTIONS_MAX + index];
        if (left < 0) break;
        running++;
      }
      max = Math.min(max, running);
    }
    return max;
  }

  /** Places functions of less important classes beside those found, where there is room. */
  private complete(): void {
    const { table, problem, search } = this;
    for (let klass = this.at + 1; klass < CLASSES; klass++) {
      if (problem.ofClass[klass] === 0) continue;
      for (let turn = 0; turn < problem.functions; turn++) {
        const index = table.turn[turn];
        if (problem.klass[index] === klass) search.placeWhereRoomiest(index);
      }
    }
  }
}
