/**
 * Simultaneous interruptions of the power of all servers, as in tests of airborne equipment (2 to
 * 1,000 ms). Every kernel forgets everything, every clock restarts, and the servers are up again
 * within part of the listening time. Then everything must reach, in one go, the policy's assignment
 * from nothing, or an equally good one where a policy searches. Where the policy keeps what runs,
 * and a server has planned before all took part, one that runs as much will do.
 */
import { Allocation, assignTo, resetRemaining } from "../../src/allocation/allocation.ts";
import { NONE } from "../../src/allocation/function-table.ts";
import { Aims } from "../../src/allocation/planned/aims.ts";
import { Problem } from "../../src/allocation/planned/problem.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE } from "../../src/boundary/server-state.ts";
import type { Engine } from "../../src/core/engine.ts";
import { DISAGREEMENT_PERIODS } from "../../src/limits.ts";
import { MARK_DISAGREEMENT, marks } from "../../src/marks.ts";
import type { System } from "../allocation/reference.ts";
import { type Aircraft, type AircraftOptions, drawAircraft } from "./aircraft.ts";
import type { Host } from "./host.ts";
import { Invariants, Violation } from "./invariants.ts";
import { Random } from "./random.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

/** A server has booted so long after the power came back, at most: part of the time it listens. */
const BOOT_SPREAD_PARTS = [0, 4, 2];
/** Maximum of a machine's clock just after boot. */
const UPTIME_US_MAX = 10_000_000;
const LOOK_US = 1_000;
const QUIET_US = 300_000;
const REST_US_MAX = 30_000_000;

/** The result of one interruption. */
export interface Interruption {
  readonly lengthUs: number;
  /** From the power's return until all is up and agreed, and how many periods that is. */
  readonly settledUs: number;
  readonly settledPeriods: number;
  /** The bound on that time. */
  readonly boundUs: number;
}

export interface BrownOutFlight {
  readonly aircraft: Aircraft;
  readonly interruptions: readonly Interruption[];
  readonly violation: string | null;
}

/** Counts how often each function goes up and down, and notes how servers come to agree. */
class Changes extends Invariants {
  ups: Uint8Array = new Uint8Array(0);
  downs = 0;
  /** Somebody has planned without some server: one that had no contact with its clients yet. */
  hasBegunWithout = false;
  private disagreementsBefore = 0;

  forget(): void {
    this.ups = new Uint8Array(this.world.aircraft.table.functionCount);
    this.downs = 0;
    this.hasBegunWithout = false;
    this.disagreementsBefore = marks[MARK_DISAGREEMENT] as number;
  }

  /** Somebody has planned again, because others had come to something else. */
  get hasDisagreed(): boolean {
    return marks[MARK_DISAGREEMENT] !== this.disagreementsBefore;
  }

  protected override compareWithPatent(engine: Engine, host: Host): void {
    super.compareWithPatent(engine, host);
    if (engine.agreement.allocation.operable !== everybody(this.world.aircraft))
      this.hasBegunWithout = true;
  }

  override onAdd(host: Host, index: number): void {
    super.onAdd(host, index);
    this.ups[index]++;
  }

  override onGone(index: number): void {
    super.onGone(index);
    this.downs++;
  }
}

class BrownOutWorld extends World {
  declare readonly invariants: Changes;
  /** Engines that were started, and those that released everything. */
  starts = 0;
  letGo = 0;

  override start(host: Host): void {
    this.starts++;
    super.start(host);
  }

  override onLetGo(host: Host, code: number, value: number): void {
    this.letGo++;
    super.onLetGo(host, code, value);
  }
}

/**
 * How long after the last server has booted all is up at the latest: each has recovered for all the
 * others, which ends their listening; then functions start, and their addresses come up in batches.
 */
function settlingUs({ aircraft, kernels, invariants }: BrownOutWorld): number {
  const { timing, table } = aircraft;
  const { speeds } = kernels;
  const { periodUs, recoveredAfter } = timing;
  const batches = Math.ceil(table.functionCount / speeds.vipsPerTurn);
  const startUs = speeds.processStartUs + batches * speeds.batchUs;
  // One that begins when functions are up already may come to another answer that is as good.
  const disagreement = invariants.hasDisagreed ? DISAGREEMENT_PERIODS : 0;
  return (recoveredAfter + EXTRA_PERIODS + disagreement) * periodUs + startUs;
}

/** Keep-alives on their way, proofs of being fresh, the allocation, and a turn that is late. */
const EXTRA_PERIODS = 4;

export interface BrownOutOptions extends AircraftOptions {
  readonly seed: number;
  /** The power is off for so long, one interruption after the other. */
  readonly lengthsMs: readonly number[];
  /** The power is back for only so long after each of them, and is interrupted once more. */
  readonly againAfterMs?: number;
}

/** Flies one aircraft through all interruptions, every property checked after every step. */
export function flyBrownOuts(wishes: BrownOutOptions): BrownOutFlight {
  const random = new Random(wishes.seed);
  const aircraft = drawAircraft(random, wishes);
  const world = new BrownOutWorld(aircraft, random, new Changes(), new Trace(false));
  const flight = new Flight(world, random);
  const interruptions: Interruption[] = [];
  let violation: string | null = null;
  try {
    flight.begin();
    for (const lengthMs of wishes.lengthsMs) {
      if (wishes.againAfterMs !== undefined)
        flight.interrupt(1000 * lengthMs, 1000 * wishes.againAfterMs);
      interruptions.push(flight.interruptOnce(1000 * lengthMs));
    }
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
  }
  return { aircraft, interruptions, violation };
}

class Flight {
  /** What the policy gives when nothing runs and every server is there. */
  private readonly fromNothing: readonly number[];
  /** What is to run now. */
  private expected: readonly number[];
  private readonly aims: Aims;

  constructor(
    private readonly world: BrownOutWorld,
    private readonly random: Random,
  ) {
    this.fromNothing = fromNothing(world.aircraft);
    this.expected = this.fromNothing;
    this.aims = aimsOf(world.aircraft, this.fromNothing);
  }

  begin(): void {
    this.world.invariants.forget();
    for (const host of this.world.hosts) this.world.start(host);
    this.converge();
  }

  /** Power off, power on, and some time, whatever is under way at its end. */
  interrupt(lengthUs: number, afterUs: number): void {
    const backUs = this.cutPower(lengthUs);
    const boots = this.drawBoots();
    for (const { host, atUs } of boots) {
      if (atUs > afterUs) break;
      this.world.runUntil(backUs + atUs);
      this.boot(host);
    }
    this.world.runUntil(backUs + afterUs);
  }

  /** Power off, power on, and one clean convergence. */
  interruptOnce(lengthUs: number): Interruption {
    const { world } = this;
    const { invariants, hosts, aircraft } = world;
    const backUs = this.cutPower(lengthUs);
    invariants.forget();
    world.starts = 0;
    world.letGo = 0;
    const boots = this.drawBoots();
    for (const { host, atUs } of boots) {
      world.runUntil(backUs + atUs);
      this.boot(host);
    }
    this.converge();
    const settledUs = world.nowUs - backUs;
    const boundUs = (boots.at(-1)?.atUs ?? 0) + settlingUs(world);
    if (settledUs > boundUs)
      invariants.fail("settling", `settled after ${settledUs / 1000} ms, not ${boundUs / 1000}`);
    world.runUntil(world.nowUs + QUIET_US);
    const missing = this.missing();
    if (missing !== null) invariants.fail("P6", missing);
    for (const [index, ups] of invariants.ups.entries()) {
      const owner = this.expected[index] as number;
      if (ups !== (owner === NONE ? 0 : 1))
        invariants.fail("one convergence", `f${index} of s${owner} went up ${ups} times`);
    }
    if (invariants.downs > 0)
      invariants.fail("one convergence", `addresses went down ${invariants.downs} times`);
    if (world.starts !== hosts.length || world.letGo > 0)
      invariants.fail(
        "one convergence",
        `${world.starts} starts of ${hosts.length} servers, ${world.letGo} of them let go`,
      );
    const settledPeriods = settledUs / aircraft.timing.periodUs;
    return { lengthUs, settledUs, settledPeriods, boundUs };
  }

  /** At one instant everywhere. @returns when it is back */
  private cutPower(lengthUs: number): number {
    const { world } = this;
    for (const host of world.hosts) {
      world.powerOff(host);
      host.leaseEndUs = 0;
    }
    world.runUntil(world.nowUs + lengthUs);
    for (let index = 0; index < world.aircraft.table.functionCount; index++) {
      if (this.ownersOf(index).length > 0)
        world.invariants.fail("power", `f${index} is up without power`);
    }
    return world.nowUs;
  }

  /** When each server has booted after the power came back, in order. */
  private drawBoots(): { host: Host; atUs: number }[] {
    const { world, random } = this;
    const part = random.pick(BOOT_SPREAD_PARTS);
    const spreadUs = part === 0 ? 0 : Math.floor(world.aircraft.timing.listenUs / part);
    return world.hosts
      .map((host) => ({ host, atUs: random.below(spreadUs + 1) }))
      .sort((one, other) => one.atUs - other.atUs);
  }

  private boot(host: Host): void {
    host.offsetUs = this.random.below(UPTIME_US_MAX) - this.world.nowUs;
    this.world.start(host);
  }

  /** Flies until nothing is missing. */
  private converge(): void {
    const { world } = this;
    const endUs = world.nowUs + REST_US_MAX;
    for (;;) {
      const missing = this.missing();
      if (missing === null) return;
      if (world.nowUs > endUs) world.invariants.fail("P2", `not settled, ${missing}`);
      world.runUntil(world.nowUs + LOOK_US);
    }
  }

  /** @returns null when all is as it must be, or what is missing */
  private missing(): string | null {
    const { hosts, nowUs, hasLease, aircraft, invariants } = this.world;
    for (const host of hosts) {
      const { engine } = host;
      if (engine === null || engine.phase !== PHASE_ACTIVE) return `s${host.index} is not active`;
      if (engine.agreement.digest !== hosts[0]?.engine?.agreement.digest)
        return "assignments differ";
      for (const other of hosts) {
        if (other !== host && engine.membership.state[other.index] !== SERVER_ALIVE)
          return `s${host.index} does not see s${other.index} alive`;
      }
    }
    const { searches, keepsRunning } = aircraft.policy;
    this.expected = this.fromNothing;
    if (searches || (keepsRunning && invariants.hasBegunWithout)) this.expectWhatIsAgreed();
    for (const [index, owner] of this.expected.entries()) {
      const found = this.ownersOf(index).join(" and ");
      if (found !== (owner === NONE ? "" : `s${owner}`))
        return `f${index} is up on ${found === "" ? "none" : found}, not on s${owner}`;
      if (owner !== NONE && hosts[owner]?.answers(index, nowUs, hasLease) !== true)
        return `f${index} on s${owner} does not answer`;
    }
    return null;
  }

  /**
   * A search has many answers: what all have agreed on will do if it is as good as that from
   * nothing. Where what runs stays, and some have begun without others, it must run as much.
   */
  private expectWhatIsAgreed(): void {
    const { hosts, aircraft, invariants } = this.world;
    const engine = hosts[0]?.engine as Engine;
    const { assigned } = engine.agreement.allocation;
    this.expected = [...assigned.subarray(0, aircraft.table.functionCount)];
    const aims = aimsOf(aircraft, this.expected);
    const isWorse = invariants.hasBegunWithout
      ? this.aims.runsMoreThan(aims)
      : this.aims.isBetterThan(aims);
    if (isWorse) invariants.fail("P6", "another allocation is better");
  }

  private ownersOf(index: number): string[] {
    return this.world.hosts.flatMap((host) => (host.up[index] !== 0 ? [`s${host.index}`] : []));
  }
}

/** Mask of all servers. */
function everybody({ serverCount }: Aircraft): number {
  return (1 << serverCount) - 1;
}

/** How good an assignment is when nothing runs yet. */
function aimsOf(aircraft: Aircraft, owners: readonly number[]): Aims {
  const { table } = aircraft;
  const allocation = new Allocation();
  allocation.operable = everybody(aircraft);
  resetRemaining(table, allocation);
  for (const [index, owner] of owners.entries())
    if (owner !== NONE) assignTo(table, allocation, index, owner);
  const problem = new Problem(table);
  problem.take(allocation);
  const aims = new Aims();
  aims.measure(allocation.assigned, allocation.remaining, problem);
  return aims;
}

/** The policy's answer when nothing runs yet: the patent's figure where there is one. */
function fromNothing(aircraft: Aircraft): number[] {
  const { table, figure, policy } = aircraft;
  if (figure === null) {
    const allocation = new Allocation();
    allocation.operable = everybody(aircraft);
    policy.allocate(table, allocation);
    return [...allocation.assigned.subarray(0, table.functionCount)];
  }
  const servers = Array.from({ length: table.serverCount }, (_, server) => server);
  const system: System = {
    resources: servers.map((server) => table.resource[server]),
    operable: servers.map(() => true),
    functions: Array.from({ length: table.functionCount }, (_, index) => ({
      required: table.required[index],
      priority: table.priority[index],
      servers: servers.filter((server) => (table.eligible[index] & (1 << server)) !== 0),
      cannotRunOn: [],
      owner: null,
    })),
  };
  return figure(system).assigned.map((owner) => owner ?? NONE);
}
