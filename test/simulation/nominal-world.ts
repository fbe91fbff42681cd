/**
 * The simulator's world with chance switched off, for stories and tests: everything takes its
 * nominal time, no datagram is lost, clocks are right, and a lease, where there is one, never ends
 * early. A test causes all events; the rules for flights apply here, too, after every step.
 */

import type { Policy } from "../../src/allocation/allocation.ts";
import { type FunctionTable, NONE } from "../../src/allocation/function-table.ts";
import type { PolicyName } from "../../src/allocation/policies.ts";
import { assert } from "../../src/assert.ts";
import { EVENT_MOVE, EVENT_PROCESS } from "../../src/boundary/event-queue.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE } from "../../src/boundary/server-state.ts";
import { leaseMsOf, timingOf } from "../../src/boundary/timing.ts";
import type { Engine } from "../../src/core/engine.ts";
import { SERVERS_MAX, VIP_BATCH_MAX } from "../../src/limits.ts";
import { figureOf } from "../allocation/reference.ts";
import type { Aircraft } from "./aircraft.ts";
import { FlightRecorder } from "./flight-recorder.ts";
import { Host } from "./host.ts";
import { Invariants } from "./invariants.ts";
import type { Speeds } from "./kernels.ts";
import type { Chance } from "./random.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

export interface NominalOptions {
  table: FunctionTable;
  policy: Policy;
  periodMs?: number;
  lostAfterPeriods?: number;
  recoveredAfterPeriods?: number;
  /** Keep-alive networks, 1 or 2. */
  networks?: number;
  witnesses?: number;
  /** By how much the kernel may end a lease early, in ms; without it there is no lease. */
  leaseTicksMs?: number;
  speeds?: Partial<Speeds>;
}

/** No fault happens on its own, nothing is late, and of several ways it takes the first. */
class NoChance implements Chance {
  below(): number {
    return 0;
  }

  between(low: number): number {
    return low;
  }

  oneIn(): boolean {
    return false;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[0] as T;
  }

  perMille(): boolean {
    return false;
  }
}

const PERIOD_MS = 10;
const LOST_AFTER_PERIODS = 3;
const RECOVERED_AFTER_PERIODS = 10;
const SPEEDS: Speeds = {
  processStartUs: 20_000,
  processStopUs: 5_000,
  vipsPerTurn: VIP_BATCH_MAX,
  batchUs: 50,
};
/** The networks have been joined for so long when the first server starts. */
const BEGIN_US = 1_000_000;
/**
 * How long a joined network may show what happened while it was divided: one period, the exchange
 * of proofs, the removal. In flights, where datagrams are lost, it may be longer.
 */
const HEALING_PERIODS = 3;

export class NominalWorld extends World {
  override readonly recorder = new FlightRecorder();
  /** Interval at which the answers are sampled. */
  protected samplingUs = 1_000;
  /** Times without an answer for a function that had been answered for before. */
  private readonly gaps: { index: number; fromUs: number; toUs: number }[] = [];
  /** When somebody answered for each function last, NaN before. */
  private answeredUs: Float64Array | null = null;

  constructor(
    { speeds, ...options }: NominalOptions,
    invariants = new Invariants(),
    trace = new Trace(false),
  ) {
    super(aircraftOf(options), new NoChance(), invariants, trace, { ...SPEEDS, ...speeds });
    this.nowUs = BEGIN_US;
    this.invariants.segments.healingUs = HEALING_PERIODS * this.aircraft.timing.periodUs;
  }

  /** Flies for `ms`. What a test has done to an engine by hand counts from now on. */
  run(ms: number): void {
    for (const host of this.hosts) this.touch(host.index);
    this.runUntil(this.nowUs + Math.round(ms * 1000));
  }

  override runUntil(endUs: number): boolean {
    while (this.nowUs < endUs) {
      super.runUntil(Math.min(endUs, this.nowUs + this.samplingUs));
      this.lookWhoAnswers();
    }
    return true;
  }

  protected lookWhoAnswers(): void {
    const { nowUs, hasLease } = this;
    const { functionCount } = this.aircraft.table;
    this.answeredUs ??= new Float64Array(functionCount).fill(Number.NaN);
    for (let index = 0; index < functionCount; index++) {
      if (!this.hosts.some((host) => host.answers(index, nowUs, hasLease))) continue;
      const fromUs = this.answeredUs[index];
      if (nowUs - fromUs > this.samplingUs) this.gaps.push({ index, fromUs, toUs: nowUs });
      this.answeredUs[index] = nowUs;
    }
  }

  /**
   * The longest time without an answer for the function that was not over at `sinceUs`, to a ms.
   */
  awayUs(index: number, sinceUs: number): number {
    const sinceAnsweredUs = this.nowUs - (this.answeredUs?.[index] ?? this.nowUs);
    return this.gaps
      .filter((gap) => gap.index === index && gap.toUs > sinceUs)
      .reduce((longest, { fromUs, toUs }) => Math.max(longest, toUs - fromUs), sinceAnsweredUs);
  }

  override onLetGo(host: Host, code: number, value: number): void {
    this.recorder.letGo.push({ atUs: this.nowUs, server: host.index, code, first: value });
    super.onLetGo(host, code, value);
  }

  startAll(): void {
    for (const host of this.hosts) this.start(host);
  }

  /** Another box that is configured as `server`. */
  addTwin(server: number): Host {
    const { hosts, air, aircraft } = this;
    assert(hosts.length < SERVERS_MAX, "as many boxes as servers at most");
    const twin = new Host(hosts.length, aircraft.table, aircraft.networks, air.datagrams, server);
    twin.latenessMaxUs = this.latenessMaxUs;
    hosts.push(twin);
    return twin;
  }

  /** Somebody asks a server for a move. @returns 0, or MOVE_REFUSED_* */
  move(asked: Host, index: number, server: number): number {
    const refusal = this.engine(asked.index).moves.refusal(index, server);
    if (refusal === 0) this.pushLater(asked, 0, EVENT_MOVE, index, server);
    return refusal;
  }

  /** The supervisor reports CONTROL_PROCESS_* of a function's process. */
  process(host: Host, index: number, kind: number): void {
    this.pushLater(host, 0, EVENT_PROCESS, index, kind);
  }

  /** Cuts or joins both directions between two places, on all networks. */
  cut(one: number, other: number, isCut: boolean): void {
    this.cutOneWay(one, other, isCut);
    this.cutOneWay(other, one, isCut);
  }

  cutOneWay(from: number, to: number, isCut: boolean): void {
    for (let number = 0; number < this.aircraft.networks; number++)
      this.cutNetwork(from, to, number, isCut);
  }

  cutNetwork(from: number, to: number, number: number, isCut: boolean): void {
    const { network } = this.air;
    if (isCut) network.cut(from, to, number, this.nowUs);
    else network.join(from, to, number, this.nowUs);
  }

  /** Place of the host on which each function's address is up, NONE where on none. */
  owners(): number[] {
    return Array.from({ length: this.aircraft.table.functionCount }, (_, index) => {
      const owner = this.hosts.find((host) => host.up[index] !== 0);
      return owner?.index ?? NONE;
    });
  }

  /** @throws when the host at that place is not running */
  engine(place: number): Engine {
    const { engine } = this.hosts[place];
    if (engine === null) throw new Error(`server ${place} is not running`);
    return engine;
  }

  /** All running servers are active, see each other and hold the same assignment (P5). */
  agrees(): boolean {
    const running = this.hosts.filter(({ engine }) => engine !== null);
    const engines = running.map(({ index }) => this.engine(index));
    return (
      new Set(engines.map(({ agreement }) => agreement.digest)).size === 1 &&
      engines.every(({ phase }) => phase === PHASE_ACTIVE) &&
      running.every((host) =>
        running.every(
          (other) => host === other || host.engine?.membership.state[other.server] === SERVER_ALIVE,
        ),
      )
    );
  }
}

function aircraftOf(options: Omit<NominalOptions, "speeds">): Aircraft {
  const { table, policy, networks = 1, periodMs = PERIOD_MS, leaseTicksMs } = options;
  const lostAfterPeriods = options.lostAfterPeriods ?? LOST_AFTER_PERIODS;
  const required = table.required.slice(0, table.functionCount);
  const total = required.reduce((sum, each) => sum + each, 0);
  return {
    serverCount: table.serverCount,
    networks,
    table,
    policy,
    figure: figureOf(policy.name as PolicyName),
    timing: timingOf(
      periodMs,
      lostAfterPeriods,
      options.recoveredAfterPeriods ?? RECOVERED_AFTER_PERIODS,
      Math.max(0, ...table.stopGraceUs) / 1000,
      leaseTicksMs === undefined ? 0 : leaseMsOf(periodMs, lostAfterPeriods),
      leaseTicksMs,
    ),
    systemId: 42,
    digestHigh: 7,
    digestLow: 7,
    witnesses: options.witnesses ?? 0,
    roomy: table.resource.slice(0, table.serverCount).every((resource) => resource >= total),
    text: "",
  };
}
