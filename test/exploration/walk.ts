/**
 * A random walk, flown twice: once directly, and once saved and restored at every tick, at
 * different times. Both must take the same course, field by field; otherwise a part of the state is
 * not saved, or states with different futures count as one.
 */
import { EFFECT_NOTICE, EFFECT_PROCESS_START } from "../../src/boundary/effect-queue.ts";
import { SeededRandom } from "../harness/seeded-random.ts";
import { Violation } from "../simulation/invariants.ts";
import type { NominalOptions } from "../simulation/nominal-world.ts";
import { Trace } from "../simulation/trace.ts";
import { ExploredWorld } from "./explored-world.ts";
import { type FaultKind, KIND_NAMES, type Move, movesOf } from "./moves.ts";

/** The events, in times since the last tick, so that flights at other times compare. */
class RelativeTrace extends Trace {
  readonly told: string[] = [];
  sinceUs = 0;

  constructor() {
    super(false);
  }

  /**
   * The first value of a start is an incarnation, which is another one in each flight, and why
   * clients are told something is not saved.
   */
  override note(nowUs: number, what: number, server: number, first: number, second: number): void {
    const about = what === TRACE_START ? 0 : first;
    const why = what === EFFECT_NOTICE || what === EFFECT_PROCESS_START ? 0 : second;
    this.told.push(`+${nowUs - this.sinceUs} ${what} s${server} ${about} ${why}`);
  }
}
const TRACE_START = 101;

export interface Walk {
  readonly options: NominalOptions;
  readonly seed: number;
  readonly ticks: number;
  /** A fault at one in this number of ticks. */
  readonly every: number;
  readonly kinds?: readonly FaultKind[];
}

export interface Difference {
  readonly tick: number;
  readonly moves: readonly string[];
  readonly found: readonly string[];
}

/** The first flight: its moves by their places, and its states and traces. */
interface Record {
  readonly moves: number[][];
  readonly states: Int32Array[];
  readonly told: string[];
  readonly violations: string[];
}

class Flight {
  readonly trace = new RelativeTrace();
  readonly world: ExploredWorld;
  readonly moves: readonly Move[];

  constructor(options: NominalOptions, kinds: readonly FaultKind[], isPooled: boolean) {
    this.world = new ExploredWorld(options, isPooled, this.trace);
    this.moves = movesOf(this.world, { kinds });
    this.world.judgesNeed = false; // a long walk
    for (const host of this.world.hosts) this.world.switchOn(host);
  }

  /** @returns the violation, if there is one */
  tick(): string {
    this.trace.told.length = 0;
    this.trace.sinceUs = this.world.nowUs;
    let violation = "";
    try {
      this.world.tick();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      violation = error.property;
    }
    this.world.losses.lost.fill(0); // those that were never sent
    this.world.losses.late.fill(0);
    return violation;
  }
}

/** Flies as it is, and chooses. */
function flyOnce({ options, seed, ticks, every, kinds = KIND_NAMES }: Walk): Record {
  const random = new SeededRandom(seed);
  const flight = new Flight(options, kinds, false);
  const record: Record = { moves: [], states: [], told: [], violations: [] };
  for (let tick = 0; tick < ticks; tick++) {
    const chosen: number[] = [];
    for (let more = true; more; more = random.oneIn(3)) {
      const isEnd = random.oneIn(4);
      if (!isEnd && !random.oneIn(every)) break;
      const possible = [...flight.moves.keys()].filter((place) => {
        const move = flight.moves[place] as Move;
        return (move.kind === null) === isEnd && move.applies();
      });
      if (possible.length === 0) break;
      const place = random.pick(possible);
      flight.moves[place]?.apply();
      chosen.push(place);
    }
    record.moves.push(chosen);
    record.violations.push(flight.tick());
    record.told.push(flight.trace.told.join("\n"));
    const { snapshot } = flight.world;
    const length = snapshot.save();
    record.states.push(snapshot.words.slice(0, length));
    if (record.violations[tick] !== "") break; // a violated state is not continued
  }
  return record;
}

/** Which fields of the world's state are other than they were. */
function differences({ snapshot }: ExploredWorld, before: Int32Array): string[] {
  const length = snapshot.save();
  const { words } = snapshot;
  const places: number[] = [];
  for (let at = 0; at < Math.max(length, before.length) && places.length < 12; at++)
    if (at >= length || words[at] !== before[at]) places.push(at);
  if (places.length === 0) return [];
  const now = snapshot.describe();
  return places.map((at) => `${at}: ${before[at]} | ${now[at]}`);
}

/** @returns where the two flights part, null when they do not */
export function walk(wishes: Walk): Difference | null {
  const record = flyOnce(wishes);
  const flight = new Flight(wishes.options, wishes.kinds ?? KIND_NAMES, true);
  const { snapshot } = flight.world;
  const lines: string[] = [];
  for (const [tick, chosen] of record.moves.entries()) {
    snapshot.save();
    snapshot.restore((1_000 + (tick % 17)) * 1_000_000);
    const found: string[] = [];
    for (const place of chosen) {
      const move = flight.moves[place] as Move;
      lines.push(`${tick}: ${move.line}`);
      if (!move.applies()) found.push(`${move.line} does not apply`);
      move.apply();
    }
    const violation = flight.tick();
    if (violation !== record.violations[tick])
      found.push(`${record.violations[tick]} | ${violation}`);
    if (violation !== "" && found.length === 0) break;
    const told = flight.trace.told.join("\n");
    if (told !== record.told[tick]) found.push(record.told[tick] as string, "---", told);
    found.push(...differences(flight.world, record.states[tick] as Int32Array));
    if (found.length > 0) return { tick, moves: lines.slice(-30), found };
  }
  return null;
}
