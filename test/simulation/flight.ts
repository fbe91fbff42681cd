/**
 * One flight: an aircraft, its faults one after the other with every property checked after every
 * step; then a core of servers is healed and all other faults stay for ever. The core must settle
 * within a stated time, run the policy's assignment, and then be quiet.
 */

import { NONE } from "../../src/allocation/function-table.ts";
import { PHASE_ACTIVE } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE, SERVER_INCOMPATIBLE } from "../../src/boundary/server-state.ts";
import type { Engine } from "../../src/core/engine.ts";
import { UP } from "../../src/core/handover-rows.ts";
import { CUT_OFF_PAUSE_MS_MAX, NETWORKS_MAX } from "../../src/limits.ts";
import { marks } from "../../src/marks.ts";
import { CONTROL_RESUME } from "../../src/wire/control.ts";
import { type Aircraft, type AircraftOptions, drawAircraft } from "./aircraft.ts";
import { CUTS, drawFaults, FAULTS, type Fault, type FaultKind, otherOf } from "./fault-kinds.ts";
import { begin, STATES, stateOf } from "./faults.ts";
import type { Host } from "./host.ts";
import { Invariants, Violation } from "./invariants.ts";
import { CUT_BEGINS, CUT_ENDS, FAULT_BEGINS, FAULT_ENDS, MOMENTS, type Moment } from "./moments.ts";
import { Random } from "./random.ts";
import { aimed, steer } from "./steered-faults.ts";
import { Trace } from "./trace.ts";
import { World } from "./world.ts";

const QUIET_US = 3_000_000;
/** Faults that make many things late or lose many datagrams for as long as they go on. */
const LASTING: readonly FaultKind[] = [
  "late ticks",
  "delay and reorder",
  "loss",
  "bit flips",
  "flood",
  "unheard, then flooded",
  "address calls slow",
  "wrong table",
];

export interface FlightOptions extends AircraftOptions {
  readonly seed: number;
  /** How long faults go on, and how many there are; drawn when not given. */
  readonly horizonUs?: number;
  readonly faultCount?: number;
  /** Fly with these faults in place of the drawn ones. */
  readonly faults?: readonly Fault[];
  /** Advance every hand-over in every step, also where nothing changed. */
  readonly skipsNothing?: boolean;
  /** false: no contingency books are worked out. */
  readonly plansAhead?: boolean;
  /** Keep what happens in words. */
  readonly inWords?: boolean;
}

export interface FlightResult {
  readonly violation: { property: string; message: string } | null;
  readonly aircraft: Aircraft;
  readonly faults: readonly Fault[];
  readonly simulatedUs: number;
  readonly handovers: number;
  readonly turns: number;
  readonly worstFailoverUs: number;
  /** FAULTS × STATES: how often each fault hit a server in each state. */
  readonly covered: Uint32Array;
  /** How often each marked branch of the core was taken. */
  readonly marks: Uint32Array;
  readonly driftingClocks: number;
  readonly datagrams: {
    lost: number;
    duplicated: number;
    reordered: number;
    flipped: number;
    forged: number;
  };
  readonly traceDigest: string;
  readonly lines: readonly string[];
}

/**
 * Flies one seed. Throws what is no violation of a property: an assertion of the core, say, is one.
 */
export function fly(wishes: FlightOptions): FlightResult {
  const random = new Random(wishes.seed);
  const aircraft = drawAircraft(random, wishes);
  const { periodUs } = aircraft.timing;
  const horizonUs =
    wishes.horizonUs ?? random.between(100, 600) * periodUs * (aircraft.serverCount > 5 ? 0.5 : 1);
  const drawn = drawFaults(random, aircraft, horizonUs, wishes.faultCount ?? random.between(3, 24));
  const faults = wishes.faults ?? steer(new Random(wishes.seed ^ 0x3c6ef372), drawn, aircraft);
  const trace = new Trace(wishes.inWords === true);
  const invariants = new Invariants();
  // A stream of its own for what happens in the air: it does not depend on how many faults were
  // drawn.
  const world = new World(aircraft, new Random(wishes.seed ^ 0x5bd1e995), invariants, trace);
  world.skipsNothing = wishes.skipsNothing === true;
  world.plansAhead = wishes.plansAhead !== false;
  const covered = new Uint32Array(FAULTS.length * STATES.length);
  trace.say(0, `seed ${wishes.seed}: ${aircraft.text}`);
  const marksBefore = marks.slice();
  let violation: FlightResult["violation"] = null;
  try {
    new Flight(world, faults, covered, new Random(wishes.seed ^ 0x2545f491), horizonUs).fly();
  } catch (error) {
    const property = error instanceof Violation ? error.property : "crash";
    violation = {
      property,
      message: error instanceof Violation ? error.message : String((error as Error).stack),
    };
  }
  return {
    violation,
    aircraft,
    faults,
    simulatedUs: world.nowUs,
    handovers: world.kernels.handovers,
    turns: world.turns,
    worstFailoverUs: world.kernels.worstFailoverUs,
    covered,
    marks: marks.map((times, mark) => times - marksBefore[mark]),
    driftingClocks: world.hosts.some(({ ppm }) => ppm !== 0) ? 1 : 0,
    datagrams: { ...world.air.network.counts, forged: world.air.attacker.sent },
    traceDigest: trace.digest,
    lines: trace.lines ?? [],
  };
}

/** Something that comes at a time of its own. */
interface Appointment {
  readonly atUs: number;
  readonly what: () => void;
  /** A fault ends then; otherwise one begins. */
  readonly isEnd: boolean;
}

class Flight {
  /** Ends of faults under way, and faults whose moment has come, in no order. */
  private readonly appointments: Appointment[] = [];
  /** Faults that wait for their moment, in the order in which they began to. */
  private readonly waiting: Fault[] = [];
  /** Lasting faults that go on, by kind. */
  private readonly lasting: FaultKind[] = [];

  constructor(
    private readonly world: World,
    private readonly faults: readonly Fault[],
    private readonly covered: Uint32Array,
    private readonly random: Random,
    private readonly horizonUs: number,
  ) {}

  fly(): void {
    const { world, random } = this;
    const together = random.oneIn(2);
    for (const host of world.hosts) {
      world.start(host);
      if (!together) world.runUntil(world.nowUs + random.below(3 * world.aircraft.timing.listenUs));
    }
    const beganUs = world.nowUs;
    for (const fault of this.faults) {
      this.runUntil(beganUs + fault.atUs);
      if (fault.when === undefined) this.begin(fault);
      else this.await(fault, fault.when);
    }
    this.runUntil(beganUs + this.horizonUs);
    world.moments.awaited = 0;
    const core = this.heal();
    this.settle(core);
    this.checkQuiet(core);
  }

  private await(fault: Fault, when: Moment): void {
    this.waiting.push(fault);
    this.world.moments.await(MOMENTS.indexOf(when));
  }

  private begin(fault: Fault): void {
    const { world } = this;
    const host = world.hosts[fault.server] as Host;
    this.covered[FAULTS.indexOf(fault.kind) * STATES.length + stateOf(host)]++;
    world.trace.say(
      world.nowUs,
      `--- ${fault.kind}: s${fault.server}, ${fault.other}, ${fault.value}, for ${fault.durationUs / 1000} ms`,
    );
    const end = begin(fault, world);
    // One that goes on is replaced, and so ends.
    if (this.lasting.includes(fault.kind)) world.invariants.need.manyTroubles();
    world.touch(fault.server);
    this.note(fault, FAULT_BEGINS, CUT_BEGINS);
    if (end === null) return;
    if (LASTING.includes(fault.kind)) this.lasting.push(fault.kind);
    const what = (): void => this.end(fault, end);
    this.appointments.push({ atUs: world.nowUs + fault.durationUs, what, isEnd: true });
  }

  private end(fault: Fault, end: () => void): void {
    const { world } = this;
    world.trace.say(world.nowUs, `--- end of ${fault.kind}: s${fault.server}`);
    end();
    const at = this.lasting.indexOf(fault.kind);
    if (at >= 0) {
      this.lasting.splice(at, 1);
      world.invariants.need.manyTroubles();
    }
    this.note(fault, FAULT_ENDS, CUT_ENDS);
  }

  private note(fault: Fault, moment: number, ofCut: number): void {
    const { moments, aircraft } = this.world;
    const other = otherOf(fault, aircraft.serverCount);
    moments.note(moment, fault.server, other);
    if (CUTS.includes(fault.kind)) moments.note(ofCut, fault.server, other);
  }

  /** Flies until `untilUs`, and keeps appointments on the way. */
  private runUntil(untilUs: number): void {
    const { world, appointments } = this;
    for (;;) {
      let first = -1;
      for (let at = 0; at < appointments.length; at++) {
        const { atUs } = appointments[at] as Appointment;
        if (atUs <= untilUs && (first === -1 || atUs < (appointments[first] as Appointment).atUs))
          first = at;
      }
      const next = first === -1 ? undefined : appointments[first];
      if (!world.runUntil(next?.atUs ?? untilUs)) this.seizeMoments();
      else if (next === undefined) return;
      else {
        appointments.splice(first, 1);
        next.what();
        for (let server = 0; server < world.hosts.length; server++) world.touch(server);
      }
    }
  }

  /** Moments have come: of the faults that wait for each, the first one begins. */
  private seizeMoments(): void {
    const { world, waiting, appointments } = this;
    for (const sighting of world.moments.seen.splice(0)) {
      const when = MOMENTS[sighting.moment] as Moment;
      const at = waiting.findIndex((fault) => fault.when === when);
      if (at === -1) continue;
      const fault = aimed(waiting[at] as Fault, sighting, world.aircraft.serverCount);
      waiting.splice(at, 1);
      if (waiting.some((other) => other.when === when)) world.moments.await(sighting.moment);
      world.trace.say(world.nowUs, `*** ${when}: s${sighting.server}`);
      const atUs = world.nowUs + (fault.delayUs ?? 0);
      appointments.push({ atUs, what: () => this.begin(fault), isEnd: false });
    }
  }

  /**
   * Everything ends but what is chosen to stay: servers that are not in the core are off, or cut
   * off from it, for ever. @returns the mask of the core
   */
  private heal(): number {
    const { world, random } = this;
    const { serverCount } = world.aircraft;
    for (const { what, isEnd } of this.appointments.splice(0)) if (isEnd) what();
    world.air.network.joinAll(world.nowUs);
    world.air.network.calm();
    world.witnesses.fill(1);
    const everybody = (1 << serverCount) - 1;
    const core = random.oneIn(2) ? everybody : random.between(1, everybody);
    for (const host of world.hosts) {
      host.carrierFaults = 0;
      host.clientCuts = 0;
      host.isDrained = false;
      world.setInputs(host, 0, false);
      if (!host.carrier) world.setCarrier(host, true);
      host.latenessMaxUs = world.latenessMaxUs;
      world.pace.clear(host);
      host.floodUs = Number.POSITIVE_INFINITY;
      host.leaseErrno = 0;
      host.addressErrno = 0;
      host.refused.fill(0);
      const wasForeign = host.foreignTable;
      host.foreignTable = false;
      if ((core & (1 << host.index)) !== 0) {
        const stays = host.engine !== null && host.isSupervised && !host.isToLeave;
        if (!stays || wasForeign) world.start(host);
        else world.command(host, CONTROL_RESUME);
      } else if (random.oneIn(2)) world.powerOff(host);
      else this.cutOff(host, core);
    }
    // One of two networks may stay dead.
    if (world.aircraft.networks === NETWORKS_MAX && random.oneIn(4)) this.cutNetwork();
    for (let server = 0; server < serverCount; server++) world.touch(server);
    world.invariants.need.manyTroubles();
    world.trace.say(world.nowUs, `=== healed for ever: the core ${core.toString(2)}`);
    return core;
  }

  private cutNetwork(): void {
    const { world, random } = this;
    const number = random.below(NETWORKS_MAX);
    world.trace.say(world.nowUs, `=== network ${number} stays cut`);
    for (const from of world.hosts) {
      for (const to of world.hosts)
        if (from !== to) world.air.network.cut(from.index, to.index, number, world.nowUs);
    }
  }

  private cutOff(host: Host, core: number): void {
    const { world } = this;
    for (let other = 0; other < world.hosts.length; other++) {
      if ((core & (1 << other)) === 0) continue;
      for (let number = 0; number < world.aircraft.networks; number++) {
        world.air.network.cut(host.index, other, number, world.nowUs);
        world.air.network.cut(other, host.index, number, world.nowUs);
      }
    }
  }

  /**
   * The time within which everything is as it should be after the last fault: pauses of up to 10 s
   * end, the supervisor's longest pause, listening with its patience, recovery, hand-overs carried
   * out late, tables computed again after the longest back-off, and the longest pause of a server
   * that was cut off from its clients.
   */
  private settlingUs(): number {
    const { periodUs, recoveredAfter, handoverUs, listenUs } = this.world.aircraft.timing;
    return (
      10_000_000 +
      5_000_000 +
      listenUs +
      (4 * recoveredAfter + 10 * 64) * periodUs +
      3 * handoverUs +
      CUT_OFF_PAUSE_MS_MAX * 1000 +
      2_000_000
    );
  }

  private settle(core: number): void {
    const { world } = this;
    const untilUs = world.nowUs + this.settlingUs();
    // Not always at the same instant of a period.
    const pollUs = Math.max(50_000, 2 * world.aircraft.timing.periodUs) + 1_337;
    world.runUntil(world.nowUs + pollUs);
    for (;;) {
      // The last requests and decisions may still be on their way.
      const isBusy = world.hosts.some((host) => host.isBusy);
      const missing = isBusy ? "somebody has something to do" : this.isSettled(core);
      if (missing === null) return;
      if (world.nowUs >= untilUs) world.invariants.fail("P2", `not settled, ${missing}`);
      world.runUntil(world.nowUs + pollUs);
    }
  }

  /** @returns null, or what is missing */
  private isSettled(core: number): string | null {
    const { world } = this;
    const { table } = world.aircraft;
    const members = world.hosts.filter((host) => (core & (1 << host.index)) !== 0);
    let digest: number | null = null;
    for (const host of members) {
      const { engine } = host;
      if (engine === null) return `s${host.index} is down`;
      const awakeUs = world.nowUs - host.pausedUntilUs;
      if (awakeUs < 2 * world.aircraft.timing.detectionUs)
        return `s${host.index} is or was stopped`;
      if (engine.phase !== PHASE_ACTIVE) return `s${host.index} is in phase ${engine.phase}`;
      for (const other of members) {
        if (other !== host && engine.membership.state[other.index] !== SERVER_ALIVE) {
          return `s${host.index} sees s${other.index} in state ${engine.membership.state[other.index]}`;
        }
      }
      for (let other = 0; other < world.hosts.length; other++) {
        const state = engine.membership.state[other];
        const counts = engine.membership.counts(other) || state === SERVER_INCOMPATIBLE;
        if ((core & (1 << other)) === 0 && counts)
          return `s${host.index} still counts on s${other}`;
      }
      if (engine.agreement.isPending || engine.moves.isPending)
        return `s${host.index} is about to allocate`;
      digest ??= engine.agreement.digest;
      if (engine.agreement.digest !== digest) return "assignments differ";
      const up = engine.handover.state.reduce((count, state) => count + (state === UP ? 1 : 0), 0);
      if (engine.handover.busy !== up)
        return `s${host.index} is busy with ${engine.handover.busy}, ${up} are up`;
    }
    // P2: what runs is the outcome of the policy for the core; that it is the policy's is compared
    // at every allocation.
    for (const host of members) {
      const { allocation } = (host.engine as Engine).agreement;
      if (allocation.operable !== core)
        return `s${host.index} has allocated for the servers ${allocation.operable.toString(2)}`;
      for (let index = 0; index < table.functionCount; index++) {
        const owner = ownerOf(members, index);
        if (owner !== allocation.assigned[index])
          return `f${index} runs on ${owner}, not on ${allocation.assigned[index]}`;
        if (
          owner !== NONE &&
          !(world.hosts[owner] as Host).answers(index, world.nowUs, world.hasLease)
        ) {
          return `f${index} on s${owner} does not answer`;
        }
      }
    }
    return null;
  }

  private checkQuiet(core: number): void {
    const { world } = this;
    const before = world.invariants.changes;
    // Servers outside the core may still look for their own peace: only what the core does counts.
    const outside = world.hosts.some((host) => (core & (1 << host.index)) === 0 && host.powered);
    const owners = world.hosts
      .map((host) => host.up.join())
      .filter((_, server) => (core & (1 << server)) !== 0);
    world.runUntil(world.nowUs + QUIET_US);
    const after = world.hosts
      .map((host) => host.up.join())
      .filter((_, server) => (core & (1 << server)) !== 0);
    if (owners.join("|") !== after.join("|"))
      world.invariants.fail("P6", "owners changed in quiet flight");
    if (!outside && world.invariants.changes !== before)
      world.invariants.fail("P6", "something happened in quiet flight");
    const missing = this.isSettled(core);
    if (missing !== null) world.invariants.fail("P6", missing);
  }
}

function ownerOf(members: readonly Host[], index: number): number {
  return members.find((host) => host.up[index] !== 0)?.index ?? NONE;
}
