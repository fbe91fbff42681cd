/**
 * Tries every placement of at most a given number of faults, at every tick and of every length,
 * over the flying core and turn: breadth first by the number of faults, every distinct state once.
 *
 * A level holds the states reached by the same number of faults. It is closed first: time passes,
 * and faults end. Then each of its states gets each fault, which gives the next level. States of
 * the last level are not kept: they are flown on at once until they are known.
 */
import { Violation } from "../simulation/invariants.ts";
import type { NominalOptions } from "../simulation/nominal-world.ts";
import { ExploredWorld } from "./explored-world.ts";
import { type Part, readFrontier, writeFrontier } from "./frontier-file.ts";
import { type FaultKind, type Move, type MoveOptions, movesOf } from "./moves.ts";
import { Settling } from "./settling.ts";
import { StateStore } from "./state-store.ts";
import { ROOT, TICK, Visited } from "./visited.ts";

export interface Exploration extends MoveOptions {
  readonly options: NominalOptions;
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
  /** The first and the last fault have only these kinds; by default any of `kinds`. */
  readonly firstKinds?: readonly FaultKind[];
  readonly lastKinds?: readonly FaultKind[];
  /** From rest, or with power off everywhere and servers that start at any time. */
  readonly from: "rest" | "off";
  /** Every server has its contingency book; otherwise results are cached, which is faster. */
  readonly hasBook?: boolean;
  /** No new state is begun after this time, or when states take more than this number of bytes. */
  readonly seconds?: number;
  readonly bytesMax?: number;
  /** Called now and then with the progress. */
  readonly onProgress?: (progress: Progress) => void;
  /** A function that has a server to run on is answered for within this number of ms. */
  readonly outageMsMax?: number;
  /** Once no fault lasts, everything is as before within this number of ms. */
  readonly settlingMsMax?: number;
  /** Known violations that are not reported. */
  readonly ignores?: readonly string[];
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  /** Faults on the way to the states that are gone on from, which of them, and of how many. */
  readonly faults: number;
  readonly isClosing: boolean;
  readonly entry: number;
  readonly entries: number;
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

/** A violation is found. */
class Stop extends Error {}

const AT_US = 1_000_000_000;
/** Ticks until servers that start together are at rest, at most. */
const REST_TICKS_MAX = 2_000;
/** Time and memory are checked once per this number of states of a level. */
const LOOK_EVERY = 64;
const PROGRESS_MS = 10_000;

export class Explorer {
  readonly world: ExploredWorld;
  readonly moves: readonly Move[];
  readonly visited = new Visited();
  transitions = 0;
  /** Ticks flown before the first state. */
  restTicks = 0;
  private readonly ends: readonly number[];
  /** Moves that the first fault may be, the second, and so on. */
  private readonly faultPlaces: readonly (readonly number[])[];
  /** States of the last level in which a fault may end. */
  private stack!: StateStore;
  private readonly words = new Int32Array(1 << 16);
  private readonly endWords = new Int32Array(1 << 16);
  private violation: Found | null = null;
  private worstOutage = 0;
  private outageState = -1;
  /** Processor time of all runs. */
  private cpuUs = 0;
  private endMs = Number.POSITIVE_INFINITY;
  private toldMs = 0;
  private like!: Int32Array;
  /** States after this number of faults, whether they are being closed, and the next of them. */
  private level!: StateStore;
  private faults = 0;
  private isClosing = true;
  private entry = 0;
  /** States that one fault more leads to; null: those of the last level, which are not kept. */
  private nextLevel: StateStore | null = null;

  constructor(readonly wishes: Exploration) {
    this.world = new ExploredWorld(wishes.options, true, undefined, wishes.hasBook);
    this.moves = movesOf(this.world, wishes);
    const places = [...this.moves.keys()];
    this.ends = places.filter((place) => this.moves[place]?.kind === null);
    this.faultPlaces = Array.from({ length: wishes.faults }, (_, fault) =>
      places.filter((place) => this.mayBe(this.moves[place] as Move, fault)),
    );
  }

  private mayBe({ kind }: Move, fault: number): boolean {
    const { faults, kinds, firstKinds = kinds, lastKinds = kinds } = this.wishes;
    if (kind === null || (fault === 0 && !firstKinds.includes(kind))) return false;
    return fault < faults - 1 || lastKinds.includes(kind);
  }

  run(): Outcome {
    const beganMs = performance.now();
    const beganCpu = process.cpuUsage();
    this.endMs = beganMs + 1000 * (this.wishes.seconds ?? Number.POSITIVE_INFINITY);
    let closed = false;
    try {
      closed = this.explore();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
    }
    const { user, system } = process.cpuUsage(beganCpu);
    this.cpuUs += user + system;
    const settling = new Settling(this.visited, this.world.tickUs);
    return {
      states: this.visited.count,
      transitions: this.transitions,
      closed,
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
      bytes: this.bytes,
      transitionsPerCpuSecond: Math.round((this.transitions * 1e6) / this.cpuUs),
    };
  }

  private get bytes(): number {
    return this.visited.bytes + this.level.bytes + (this.nextLevel?.bytes ?? 0);
  }

  /** @returns whether every state is known */
  private explore(): boolean {
    this.level ??= this.begin();
    for (;;) {
      if (this.isClosing && !this.closeLevel()) return false;
      if (this.faults === this.wishes.faults) return true;
      if (!this.disturbLevel()) return false;
      if (this.nextLevel === null) return true;
      this.level = this.nextLevel;
    }
  }

  /** Time passes and faults end, until every state of the level is known. */
  private closeLevel(): boolean {
    for (; this.entry < this.level.count; this.entry++) {
      if (this.isOver()) return false;
      this.close(this.entry);
    }
    this.isClosing = false;
    this.entry = 0;
    this.nextLevel = this.faults + 1 < this.wishes.faults ? new StateStore(this.like) : null;
    return true;
  }

  /** Each fault hits each state of the level. */
  private disturbLevel(): boolean {
    for (; this.entry < this.level.count; this.entry++) {
      if (this.isOver()) return false;
      this.disturb(this.entry);
    }
    this.faults++;
    this.isClosing = true;
    this.entry = 0;
    return true;
  }

  /** No state may be begun any more. Everything that was begun is flown to its end. */
  private isOver(): boolean {
    if (this.entry % LOOK_EVERY !== 0) return false;
    const nowMs = performance.now();
    if (nowMs - this.toldMs > PROGRESS_MS) {
      this.toldMs = nowMs;
      this.wishes.onProgress?.({
        states: this.visited.count,
        transitions: this.transitions,
        faults: this.faults,
        isClosing: this.isClosing,
        entry: this.entry,
        entries: this.level.count,
      });
    }
    return nowMs > this.endMs || this.bytes > (this.wishes.bytesMax ?? Number.POSITIVE_INFINITY);
  }

  /**
   * Writes the progress to a file, after a run that was not closed, for {@link takeUp}. `key`
   * identifies the exploration.
   */
  keep(path: string, key: string): void {
    const { transitions, restTicks, faults, entry, worstOutage, outageState, cpuUs } = this;
    const { marginUs } = this.world.invariants;
    const isClosing = this.isClosing ? 1 : 0;
    const numbers = { transitions, restTicks, faults, isClosing, entry };
    const told = { worstOutage, outageState, cpuUs, marginUs };
    writeFrontier(path, key, [
      { numbers: { ...numbers, ...told }, columns: [this.like] },
      this.visited.part(),
      this.level.part(),
      this.nextLevel?.part() ?? null,
    ]);
  }

  /**
   * Continues from there in the next run. Throws an Error when the file belongs to another
   * exploration.
   */
  takeUp(path: string, key: string): void {
    const [own, visited, level, nextLevel] = readFrontier(path, key);
    if (!own || !visited || !level) throw new Error(`${path}: parts of the frontier are missing`);
    this.rest(); // every server has an engine to be restored
    const { numbers } = own;
    this.like = own.columns[0] as Int32Array;
    this.transitions = numbers.transitions as number;
    this.restTicks = numbers.restTicks as number;
    this.faults = numbers.faults as number;
    this.isClosing = numbers.isClosing === 1;
    this.entry = numbers.entry as number;
    this.worstOutage = numbers.worstOutage as number;
    this.outageState = numbers.outageState as number;
    this.cpuUs = numbers.cpuUs as number;
    // JSON has no number for none.
    this.world.invariants.marginUs = numbers.marginUs ?? Number.POSITIVE_INFINITY;
    this.visited.take(visited);
    const storeOf = (part: Part): StateStore => {
      const store = new StateStore(this.like);
      store.take(part);
      return store;
    };
    this.stack = new StateStore(this.like);
    this.level = storeOf(level);
    this.nextLevel = nextLevel ? storeOf(nextLevel) : null;
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

  // ---- one state of a level

  private close(entry: number): void {
    const { world, visited, ends, words, level, faults } = this;
    const { snapshot } = world;
    const from = level.index(entry);
    level.read(entry, words);
    this.restore(words);
    const possible = ends.filter((place) => this.moves[place]?.applies());
    visited.isClear[from] = possible.length === 0 ? 1 : 0;
    if (this.tick(from, faults)) level.push(visited.next[from], snapshot.words, snapshot.at);
    for (const place of possible) {
      this.restore(words);
      const index = this.apply(place, from, faults);
      if (visited.isNew) level.push(index, snapshot.words, snapshot.at);
    }
  }

  private disturb(entry: number): void {
    const { world, visited, words, faultPlaces, level, nextLevel } = this;
    const number = this.faults + 1;
    const from = level.index(entry);
    level.read(entry, words);
    this.restore(words);
    let isFresh = true;
    for (const place of faultPlaces[this.faults] ?? []) {
      if (!isFresh) this.restore(words);
      isFresh = true;
      if (!this.moves[place]?.applies()) continue;
      isFresh = false;
      const index = this.apply(place, from, number);
      if (!visited.isNew) continue;
      if (nextLevel !== null) nextLevel.push(index, world.snapshot.words, world.snapshot.at);
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
    this.transitions++;
    const length = snapshot.save();
    return this.visited.meet(snapshot.words, length, from, move, number);
  }

  /** @returns whether a tick leads to a state that is new */
  private tick(from: number, number: number): boolean {
    const { world, visited } = this;
    world.faults = number;
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
