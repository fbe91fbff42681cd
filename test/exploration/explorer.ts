/**
 * Tries every placement of at most so many faults, at every tick and of every length, over the core
 * and the turn that fly: breadth first by the number of faults, every distinct state once.
 *
 * A level is the states that so many faults lead to. It is closed first: time passes, and faults
 * end. Then each of its states has each fault, which gives the next level. States of the last level
 * are not kept: they are flown on from at once until they are known.
 */
import { Violation } from "../simulation/invariants.ts";
import type { NominalOptions } from "../simulation/nominal-world.ts";
import { ExploredWorld } from "./explored-world.ts";
import { type FaultKind, type Move, type MoveWishes, movesOf } from "./moves.ts";
import { Settling } from "./settling.ts";
import { StateStore } from "./state-store.ts";
import { ROOT, TICK, Visited } from "./visited.ts";

export interface Exploration extends MoveWishes {
  readonly options: NominalOptions;
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
  /** From rest, or with power off everywhere and servers that start at any time. */
  readonly from: "rest" | "off";
  /** No new state is begun after this time. */
  readonly seconds?: number;
  /** A function that has a server to run on is answered for within so many ms. */
  readonly outageMsMax?: number;
  /** Once no fault lasts, everything is as before within so many ms. */
  readonly settlingMsMax?: number;
  /** Violations that are known and not told. */
  readonly ignores?: readonly string[];
}

export interface Found {
  readonly property: string;
  readonly message: string;
  /** Moves from the start: TICK, or the place of a move. */
  readonly way: readonly number[];
}

export interface Outcome {
  readonly states: number;
  readonly transitions: number;
  readonly closed: boolean;
  readonly seconds: number;
  readonly violation: Found | null;
  readonly worstOutageMs: number;
  readonly outageWay: readonly number[];
  readonly worstSettlingMs: number;
  readonly settlingWay: readonly number[];
  readonly leaseMarginMs: number | null;
  readonly bytes: number;
  readonly transitionsPerCpuSecond: number;
}

/** Where exploring a state ended before its time. */
class Stop extends Error {}

const AT_US = 1_000_000_000;
/** Ticks until servers that start together are at rest, at most. */
const REST_TICKS_MAX = 2_000;
/** Time is looked at once in so many transitions. */
const LOOK_EVERY = 4096;

export class Explorer {
  readonly world: ExploredWorld;
  readonly moves: readonly Move[];
  readonly visited = new Visited();
  transitions = 0;
  /** Ticks flown before the first state. */
  restTicks = 0;
  private readonly ends: readonly number[];
  private readonly faultPlaces: readonly number[];
  /** States of the last level in which a fault may end. */
  private stack!: StateStore;
  private readonly words = new Int32Array(1 << 16);
  private readonly endWords = new Int32Array(1 << 16);
  private violation: Found | null = null;
  private worstOutage = 0;
  private outageState = -1;
  private endMs = Number.POSITIVE_INFINITY;
  private like!: Int32Array;

  constructor(readonly wishes: Exploration) {
    this.world = new ExploredWorld(wishes.options);
    this.moves = movesOf(this.world, wishes);
    const places = [...this.moves.keys()];
    this.ends = places.filter((place) => this.moves[place]?.kind === null);
    this.faultPlaces = places.filter((place) => this.moves[place]?.kind !== null);
  }

  run(): Outcome {
    const beganMs = performance.now();
    const beganCpu = process.cpuUsage();
    this.endMs = beganMs + 1000 * (this.wishes.seconds ?? Number.POSITIVE_INFINITY);
    let closed = true;
    try {
      this.explore();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      closed = false;
    }
    const { user, system } = process.cpuUsage(beganCpu);
    const settling = new Settling(this.visited, this.world.tickUs);
    return {
      states: this.visited.count,
      transitions: this.transitions,
      closed: closed && this.violation === null,
      seconds: (performance.now() - beganMs) / 1000,
      violation:
        this.violation ?? this.judgeCircles(settling.circles) ?? this.judgeSettling(settling),
      worstOutageMs: (this.worstOutage * this.world.tickUs) / 1000,
      outageWay: this.outageState < 0 ? [] : this.visited.wayTo(this.outageState),
      worstSettlingMs: settling.worstMs,
      settlingWay: settling.worstState < 0 ? [] : this.visited.wayTo(settling.worstState),
      leaseMarginMs: Number.isFinite(this.world.invariants.marginUs)
        ? this.world.invariants.marginUs / 1000
        : null,
      bytes: this.stored,
      transitionsPerCpuSecond: Math.round((this.transitions * 1e6) / (user + system)),
    };
  }

  private stored = 0;

  private explore(): void {
    const { faults } = this.wishes;
    let level = this.begin();
    if (faults === 0) this.close(level, 0);
    for (let number = 0; number < faults; number++) {
      this.close(level, number);
      const next = number + 1 < faults ? new StateStore(this.like) : null;
      for (let entry = 0; entry < level.count; entry++)
        this.disturb(level, entry, number + 1, next);
      this.stored += level.bytes;
      if (next !== null) level = next;
    }
  }

  /** The first state. */
  private begin(): StateStore {
    const { world, visited } = this;
    if (this.wishes.from === "rest") this.rest();
    else this.restTicks = 0;
    const length = world.snapshot.save();
    this.like = new Int32Array(1 << 16);
    this.like.set(world.snapshot.words.subarray(0, length));
    this.stack = new StateStore(this.like);
    const store = new StateStore(this.like);
    store.push(visited.meet(world.snapshot.words, length, -1, ROOT, 0), this.like, length);
    return store;
  }

  private rest(): void {
    const { world } = this;
    for (const host of world.hosts) world.switchOn(host);
    const seen = new Set<string>();
    for (;;) {
      world.tick();
      this.restTicks++;
      const words = world.snapshot.words.subarray(0, world.snapshot.save()).join();
      if (seen.has(words)) return;
      if (seen.size === REST_TICKS_MAX) throw new Error("servers that start are never at rest");
      seen.add(words);
    }
  }

  // ---- one level

  /** Time passes and faults end, until every state of the level is known. */
  private close(level: StateStore, number: number): void {
    const { world, visited, ends, words } = this;
    const { snapshot } = world;
    for (let entry = 0; entry < level.count; entry++) {
      const from = level.index(entry);
      level.read(entry, words);
      this.restore(words);
      const possible = ends.filter((place) => this.moves[place]?.applies());
      visited.isClear[from] = possible.length === 0 ? 1 : 0;
      if (this.tick(from, number)) level.push(visited.next[from], snapshot.words, snapshot.at);
      for (const place of possible) {
        this.restore(words);
        const index = this.apply(place, from, number);
        if (visited.isNew) level.push(index, snapshot.words, snapshot.at);
      }
    }
  }

  /** Each fault hits the state. @param next where those go that it leads to; null: the last ones */
  private disturb(level: StateStore, entry: number, number: number, next: StateStore | null): void {
    const { world, visited, words, faultPlaces } = this;
    const from = level.index(entry);
    level.read(entry, words);
    this.restore(words);
    let isFresh = true;
    for (const place of faultPlaces) {
      if (!isFresh) this.restore(words);
      isFresh = true;
      if (!this.moves[place]?.applies()) continue;
      isFresh = false;
      const index = this.apply(place, from, number);
      if (!visited.isNew) continue;
      if (next !== null) next.push(index, world.snapshot.words, world.snapshot.at);
      else this.flyOn(index, number);
    }
  }

  /** From a state of the last level, in which the world is, until everything is known. */
  private flyOn(first: number, number: number): void {
    const { stack, visited, ends, endWords } = this;
    this.chain(first, number);
    for (let from = stack.pop(endWords); from >= 0; from = stack.pop(endWords)) {
      let isFresh = false;
      for (const place of ends) {
        if (!isFresh) this.restore(endWords);
        isFresh = true;
        if (!this.moves[place]?.applies()) continue;
        isFresh = false;
        const index = this.apply(place, from, number);
        if (visited.isNew) this.chain(index, number);
      }
    }
  }

  private chain(first: number, number: number): void {
    const { world, visited, stack } = this;
    for (let index = first; ; index = visited.next[index]) {
      const isClear = !this.canEnd();
      visited.isClear[index] = isClear ? 1 : 0;
      if (!isClear) stack.push(index, world.snapshot.words, world.snapshot.at);
      if (!this.tick(index, number)) return;
    }
  }

  private canEnd(): boolean {
    for (const place of this.ends) if (this.moves[place]?.applies()) return true;
    return false;
  }

  // ---- one transition

  private restore(words: Int32Array): void {
    const { snapshot } = this.world;
    snapshot.words = words;
    snapshot.restore(AT_US);
    snapshot.words = this.scratch;
  }

  private readonly scratch = new Int32Array(1 << 16);

  /** A move in the state in which the world is. @returns the state that comes of it */
  private apply(place: number, from: number, number: number): number {
    this.moves[place]?.apply();
    return this.meet(from, place, number);
  }

  private meet(from: number, move: number, number: number): number {
    const { snapshot } = this.world;
    if (++this.transitions % LOOK_EVERY === 0 && performance.now() > this.endMs) throw new Stop();
    const length = snapshot.save();
    return this.visited.meet(snapshot.words, length, from, move, number);
  }

  /** @returns whether a tick leads to a state that is new */
  private tick(from: number, number: number): boolean {
    const { world, visited } = this;
    try {
      world.tick();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.note(error.property, error.message, from);
      return false;
    }
    if (!world.losses.isDone()) return false; // what was to be lost was not sent
    const index = this.meet(from, TICK, number);
    visited.next[from] = index;
    const { outageTicks } = world.invariants;
    for (let f = 0; f < outageTicks.length; f++) {
      if (outageTicks[f] <= this.worstOutage) continue;
      this.worstOutage = outageTicks[f];
      this.outageState = index;
      const ms = (this.worstOutage * world.tickUs) / 1000;
      if (ms > (this.wishes.outageMsMax ?? Number.POSITIVE_INFINITY))
        this.note("outage", `f${f} is answered for by nobody for ${ms} ms`, from);
    }
    return visited.isNew;
  }

  private note(property: string, message: string, from: number): void {
    if (this.wishes.ignores?.includes(property) === true) return;
    this.violation = { property, message, way: [...this.visited.wayTo(from), TICK] };
    throw new Stop();
  }

  /** Every circle that time leads to is flown: it is at rest, and nothing happens in it. */
  private judgeCircles(circles: readonly number[]): Found | null {
    const { world, visited } = this;
    for (const circle of circles) {
      const way = visited.wayTo(circle);
      this.restore(this.like);
      for (const move of way) {
        if (move === TICK) world.tick();
        else this.moves[move]?.apply();
      }
      const { changes } = world.invariants;
      let ticks = 0;
      for (let at = circle; ; at = visited.next[at]) {
        world.tick();
        ticks++;
        if (visited.next[at] === circle) break;
      }
      const told = [...way, ...Array.from({ length: ticks }, () => TICK)];
      if (world.invariants.changes !== changes)
        return { property: "P6", message: "P6: something happens again and again", way: told };
      const unrest = world.invariants.unrest();
      if (unrest !== "") return { property: "P2", message: `P2: for ever: ${unrest}`, way: told };
    }
    return null;
  }

  private judgeSettling(settling: Settling): Found | null {
    const limitMs = this.wishes.settlingMsMax ?? Number.POSITIVE_INFINITY;
    if (settling.worstMs <= limitMs) return null;
    const way = this.visited.wayTo(settling.worstState);
    return { property: "settling", message: `settles only after ${settling.worstMs} ms`, way };
  }
}
