/** Totals of many flights, and their report. */
import { MARK_NAMES } from "../../src/marks.ts";
import { FAULTS, type FaultKind } from "./fault-kinds.ts";
import { STATES } from "./faults.ts";
import type { FlightResult } from "./flight.ts";

const US_PER_YEAR = 365.25 * 86_400e6;

/** Which kinds of faults are counted under which name in the document. */
const GROUPS: Readonly<Record<string, readonly FaultKind[]>> = {
  crash: [
    "power off",
    "brown-out of all",
    "engine killed",
    "all processes killed",
    "started again",
    "left",
    "started again on one network",
    "supervisor killed",
  ],
  pause: [
    "paused",
    "paused in the middle of a turn",
    "paused twice in a turn",
    "unheard, then paused",
    "machine stalled",
    "lease call slow",
    "lease call slow, then stopped",
    "address calls slow",
    "unheard at the start, then paused",
    "nothing passes, and paused",
  ],
  partition: [
    "cut",
    "one-way cut",
    "partition",
    "carrier lost",
    "witness down",
    "client network cut behind the switch",
    "network refuses",
    "loss on one network",
  ],
  process: [
    "process exits",
    "process fails",
    "VIP removed by hand",
    "VIP set by a stranger",
    "VIP refused",
    "lease call fails",
    "address calls fail",
    "address answers lost",
    "address lock kept",
  ],
  operator: ["drained", "wrong table", "moved by hand"],
};

export class Totals {
  seeds = 0;
  simulatedUs = 0;
  wallSeconds = 0;
  cpuSeconds = 0;
  turns = 0;
  handovers = 0;
  worstFailoverUs = 0;
  violations = 0;
  failingSeed: number | null = null;
  violation: string | null = null;
  clocks = 0;
  datagrams = { lost: 0, duplicated: 0, reordered: 0, flipped: 0, forged: 0 };
  /** FAULTS × STATES. */
  covered: number[] = Array<number>(FAULTS.length * STATES.length).fill(0);
  /** How often each marked branch of the core was taken. */
  marks: number[] = MARK_NAMES.map(() => 0);

  add(seed: number, result: FlightResult): void {
    this.seeds++;
    this.simulatedUs += result.simulatedUs;
    this.turns += result.turns;
    this.handovers += result.handovers;
    this.worstFailoverUs = Math.max(this.worstFailoverUs, result.worstFailoverUs);
    for (const name of Object.keys(this.datagrams) as (keyof typeof this.datagrams)[]) {
      this.datagrams[name] += result.datagrams[name];
    }
    for (let cell = 0; cell < this.covered.length; cell++)
      this.covered[cell] += result.covered[cell];
    for (let mark = 0; mark < this.marks.length; mark++) this.marks[mark] += result.marks[mark];
    this.clocks += result.driftingClocks;
    if (result.violation !== null) {
      this.violations++;
      this.failingSeed ??= seed;
      this.violation ??= result.violation.message;
    }
  }

  join(other: Totals): void {
    this.seeds += other.seeds;
    this.simulatedUs += other.simulatedUs;
    this.cpuSeconds += other.cpuSeconds;
    this.turns += other.turns;
    this.handovers += other.handovers;
    this.worstFailoverUs = Math.max(this.worstFailoverUs, other.worstFailoverUs);
    this.violations += other.violations;
    this.failingSeed ??= other.failingSeed;
    this.violation ??= other.violation;
    this.clocks += other.clocks;
    for (const name of Object.keys(this.datagrams) as (keyof typeof this.datagrams)[]) {
      this.datagrams[name] += other.datagrams[name];
    }
    for (let cell = 0; cell < this.covered.length; cell++)
      this.covered[cell] += other.covered[cell];
    for (let mark = 0; mark < this.marks.length; mark++) this.marks[mark] += other.marks[mark];
  }

  serialize(): string {
    return JSON.stringify(this);
  }

  static parse(text: string): Totals {
    return Object.assign(new Totals(), JSON.parse(text) as Partial<Totals>);
  }

  /** How often a fault of the kind began. */
  count(kind: FaultKind): number {
    const row = FAULTS.indexOf(kind) * STATES.length;
    return this.covered.slice(row, row + STATES.length).reduce((sum, times) => sum + times, 0);
  }

  private group(name: string): number {
    return (GROUPS[name] ?? []).reduce((sum, kind) => sum + this.count(kind), 0);
  }

  get simulatedHours(): number {
    return this.simulatedUs / 3.6e9;
  }

  document(): object {
    const { datagrams } = this;
    return {
      seeds: this.seeds,
      simulatedHours: this.simulatedHours,
      wallSeconds: this.wallSeconds,
      faults: {
        crash: this.group("crash"),
        pause: this.group("pause"),
        partition: this.group("partition"),
        loss: datagrams.lost,
        duplicate: datagrams.duplicated,
        reorder: datagrams.reordered,
        clock: this.clocks + this.count("late ticks"),
        process: this.group("process"),
        forged: datagrams.forged + datagrams.flipped + this.count("flood"),
        operator: this.group("operator"),
      },
      byKind: Object.fromEntries(FAULTS.map((kind) => [kind, this.count(kind)])),
      handovers: this.handovers,
      worstFailoverMs: this.worstFailoverUs / 1000,
      violations: this.violations,
      failingSeed: this.failingSeed,
      violation: this.violation,
    };
  }

  text(): string {
    const { cpuSeconds } = this;
    const years = this.simulatedUs / US_PER_YEAR;
    const { datagrams } = this;
    const lines = [
      `${this.seeds.toLocaleString("en-US")} seeds, ${this.simulatedHours.toFixed(1)} hours (${years.toFixed(4)} cluster-years) in ${this.wallSeconds.toFixed(0)} s`,
      `per core-hour: ${((years / cpuSeconds) * 3600).toFixed(2)} cluster-years, ${Math.round((this.handovers / cpuSeconds) * 3600).toLocaleString("en-US")} hand-overs, ${Math.round((this.turns / cpuSeconds) * 3600).toLocaleString("en-US")} turns`,
      `hand-overs ${this.handovers.toLocaleString("en-US")}, worst failover after a power-off ${(this.worstFailoverUs / 1000).toFixed(1)} ms`,
      `datagrams lost ${datagrams.lost}, doubled ${datagrams.duplicated}, reordered ${datagrams.reordered}, flipped ${datagrams.flipped}, forged or replayed ${datagrams.forged}`,
      "",
      this.coverage(),
      `violations ${this.violations}${this.failingSeed === null ? "" : `, first in seed ${this.failingSeed}: ${this.violation}`}`,
    ];
    return `${lines.join("\n")}\n`;
  }

  /** Faults and the states of the servers that they hit. */
  coverage(): string {
    const width = Math.max(...FAULTS.map((kind) => kind.length));
    const head = `${"fault".padEnd(width)}  ${STATES.map((state) => state.padStart(9)).join(" ")}`;
    const rows = FAULTS.map((kind, row) => {
      const cells = STATES.map((_, state) =>
        String(this.covered[row * STATES.length + state]).padStart(9),
      );
      return `${kind.padEnd(width)}  ${cells.join(" ")}`;
    });
    return `${head}\n${rows.join("\n")}\n`;
  }
}
