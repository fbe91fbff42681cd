/**
 * Servers, their kernels and networks in virtual time, around the flying engines and wire format.
 * One event at a time: the server whose turn is next does what io/loop does with sockets. Nothing
 * here decides anything for an engine; the rules are in invariants.
 */

import { COUNTER_ACCEPTED } from "../../src/boundary/counters.ts";
import { EVENT_CARRIER, EVENT_COMMAND, EVENT_INPUTS } from "../../src/boundary/event-queue.ts";
import { passOn } from "../../src/boundary/heard-servers.ts";
import type { Identity } from "../../src/boundary/identity.ts";
import { LOG_STALLED } from "../../src/boundary/maintenance-code.ts";
import { formatRecord } from "../../src/catalogue/record-text.ts";
import { Engine } from "../../src/core/engine.ts";
import { DECIDE, ENDED_LET_GO, ENDED_SUPERVISOR_GONE, RECEIVE, Turn } from "../../src/core/turn.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import { CONTROL_LEAVE, CONTROL_RESUME } from "../../src/wire/control.ts";
import { decodeKeepAlive, KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import { Air } from "./air.ts";
import type { Aircraft } from "./aircraft.ts";
import { Datagrams, GENUINE, RECORDING, TOO_SHORT, TOUCHED, UNSEALED } from "./datagrams.ts";
import type { FlightRecorder } from "./flight-recorder.ts";
import { Host } from "./host.ts";
import { HostShell } from "./host-shell.ts";
import type { Invariants } from "./invariants.ts";
import { drawSpeeds, Kernels, NAMES, name, type Speeds } from "./kernels.ts";
import { DECIDED, ENGINE_ENDS, KEEP_ALIVE_LOST, Moments, STARTS } from "./moments.ts";
import { Pace } from "./pace.ts";
import type { Chance } from "./random.ts";
import { mayBeTakenForLive } from "./recordings.ts";
import { StrangerAddresses } from "./stranger-addresses.ts";
import type { Trace } from "./trace.ts";

const NEVER = Number.POSITIVE_INFINITY;
const PROVED_LIFE_US = 60_000_000;
/** More turns than all servers can have at one instant. */
const TURNS_AT_ONCE_MAX = 100_000;
const LONG_US = 2_000;
/** A flood comes in parts so far apart. */
const FLOOD_PAUSE_US = 1_000;

// What the trace counts beside effects.
const TRACE_TURN = 100;
const TRACE_START = 101;
const TRACE_END = 102;
const TRACE_SWEEP = 103;
const TRACE_GO_ON = 104;

/** How soon a supervisor does what it does. */
export interface Supervision {
  /** It sees that its engine ended, and takes its addresses away. */
  readonly sweepUs: number;
  /** From exec to the first turn. */
  readonly startUs: number;
  /** Its pauses before it starts an engine again (supervisor/back-off). */
  readonly pauseFirstUs: number;
  readonly pauseMaxUs: number;
}

export class World {
  nowUs = 0;
  readonly hosts: Host[];
  readonly air: Air;
  readonly kernels: Kernels;
  readonly pace: Pace;
  readonly moments = new Moments();
  readonly strangers: StrangerAddresses;
  /** Witnesses that answer. */
  readonly witnesses: Uint8Array;

  /** Engines advance their hand-overs in every step, also where nothing changed. */
  skipsNothing = false;
  /** Reactions are worked out ahead of events, as in flight. */
  plansAhead = true;
  /** Turns of all engines. */
  turns = 0;
  /** Keeps what servers tell, where somebody wants to know. */
  recorder: FlightRecorder | null = null;
  /** How late the turns of a loop are that is not starved. */
  readonly latenessMaxUs: number;
  supervision: Supervision = {
    sweepUs: 3_000,
    startUs: 30_000,
    pauseFirstUs: 100_000,
    pauseMaxUs: 5_000_000,
  };
  /** VIPs are announced once more so long after they came up. */
  announceAgainUs = 1_000_000;

  /**
   * When each server swept its addresses away after its engine ended; NEVER when there is nothing
   * to sweep.
   */
  protected readonly sweepAtUs: Float64Array;
  protected incarnation = 1;
  /** Turns since the time moved on last. */
  private turnsNow = 0;
  private nonce = 1;
  /** Keep-alives lost when that was looked at last. */
  private lostBefore = 0;

  constructor(
    readonly aircraft: Aircraft,
    private readonly random: Chance,
    readonly invariants: Invariants,
    readonly trace: Trace,
    speeds: Speeds = drawSpeeds(random, aircraft.table),
  ) {
    const { serverCount, table } = aircraft;
    const datagrams = new Datagrams();
    this.hosts = Array.from(
      { length: serverCount },
      (_, index) => new Host(index, table, aircraft.networks, datagrams),
    );
    this.air = new Air(aircraft, random, this.hosts, datagrams);
    this.witnesses = new Uint8Array(aircraft.witnesses).fill(1);
    this.sweepAtUs = new Float64Array(SERVERS_MAX).fill(NEVER);
    this.kernels = new Kernels(this, random, speeds);
    this.strangers = new StrangerAddresses(this);
    const clocks = random.oneIn(2);
    this.latenessMaxUs = random.pick([0, 100]);
    for (const host of this.hosts) {
      host.latenessMaxUs = this.latenessMaxUs;
      host.offsetUs = random.below(1_000_000_000);
      host.ppm = clocks ? random.between(0, 400) - 200 : 0;
    }
    this.pace = new Pace(this, random);
    invariants.begin(this);
    this.air.network.onTrouble = (from, to) => invariants.need.trouble(from, to);
  }

  get hasLease(): boolean {
    return this.aircraft.timing.leaseUs !== 0;
  }

  /** Flies until `endUs`. @returns false when a moment has come before that was waited for */
  runUntil(endUs: number): boolean {
    const { hosts, moments } = this;
    const { due } = this.air;
    for (;;) {
      if (moments.seen.length > 0) return false;
      let next = 0;
      for (let server = 1; server < hosts.length; server++)
        if (due[server] < due[next]) next = server;
      if (due[next] > endUs) break;
      if (due[next] > this.nowUs) {
        this.nowUs = due[next];
        this.turnsNow = 0;
      } else if (++this.turnsNow > TURNS_AT_ONCE_MAX)
        this.invariants.fail("P7", `s${next} turns without end`);
      this.turn(hosts[next] as Host);
      this.touch(next);
      this.invariants.check(hosts[next] as Host);
    }
    this.nowUs = endUs;
    return true;
  }

  /** Something about the server changed that its next turn depends on. */
  touch(server: number): void {
    const host = this.hosts[server] as Host;
    const dueUs = host.dueUs(this.nowUs);
    const byItselfUs = Math.min(this.sweepAtUs[server], host.expiryUs, host.floodUs);
    this.air.due[server] = Math.min(dueUs, byItselfUs);
  }

  // ---- power and processes

  /**
   * Power on, or the supervisor starts its engine: what an earlier run left goes first, then a new
   * incarnation begins.
   */
  start(host: Host): void {
    const { aircraft } = this;
    this.kernels.dropAll(host);
    host.restartAtUs = NEVER;
    host.powered = true;
    host.hasLeft = false;
    host.isToLeave = false;
    host.clearLater();
    host.clearInboxes();
    host.isSupervised = true;
    this.pace.begin(host);
    host.stays.fill(0);
    host.lingering.fill(0);
    host.load = 0;
    host.startedUs = this.nowUs;
    if (aircraft.isMixed === true) host.isOlder = this.random.oneIn(2);
    const digest = host.foreignTable ? 1 : 0;
    const identity = {
      self: host.server,
      systemId: aircraft.systemId,
      digestHigh: (aircraft.digestHigh ^ digest) >>> 0,
      digestLow: aircraft.digestLow,
      incarnation: this.incarnation++,
      nonce: this.nonce++,
      clientMacLow: host.index + 1,
    };
    host.events.clear();
    host.events.lost = 0;
    host.effects.clear();
    const { engine, turn } = this.board(host, identity);
    engine.skips = !this.skipsNothing;
    if (!this.plansAhead) engine.agreement.stepsAhead = 0;
    engine.phases.draining = host.isDrained;
    this.takeOver(host, engine);
    if (!host.isOlder) engine.events.push(EVENT_INPUTS, 0, host.withheld, host.holds ? 1 : 0);
    this.invariants.conduct.begin(host);
    this.strangers.begin(host);
    this.invariants.need.trouble();
    turn.begin();
    host.endTurn(this.nowUs);
    if (!host.carrier) this.pushLater(host, 0, EVENT_CARRIER, 0, 0);
    this.sweepAtUs[host.index] = NEVER;
    this.trace.note(this.nowUs, TRACE_START, host.index, identity.incarnation, 0);
    this.trace.say(this.nowUs, `${name(host)} starts, incarnation ${identity.incarnation}`);
    this.moments.note(STARTS, host.index);
    this.touch(host.index);
  }

  /** The engine before has left what it had heard (reporting/status). */
  private takeOver(host: Host, engine: Engine): void {
    const isKnown = host.hasHeardBefore && host.hadForeignTable === host.foreignTable;
    this.invariants.segments.onStart(host, isKnown);
    if (isKnown) passOn(host.heardBefore, engine.membership, host.server);
    host.forget();
  }

  /** A new engine with its shell and its turn. */
  protected board(host: Host, identity: Identity): { engine: Engine; turn: Turn } {
    const { table, policy, timing, witnesses } = this.aircraft;
    const engine = new Engine(
      table,
      policy,
      identity,
      timing,
      this.announceAgainUs,
      host.local(this.nowUs),
      witnesses,
      host.events,
      host.effects,
    );
    host.engine = engine;
    host.shell = new HostShell(this, host, engine);
    host.turn = new Turn(engine, host.shell, timing);
    return { engine, turn: host.turn };
  }

  /** Power off: everything is gone at once. */
  powerOff(host: Host): void {
    this.endEngine(host, "power off");
    host.forget();
    host.powered = false;
    host.isSupervised = false;
    host.poweredOffUs = this.nowUs;
    host.lingering.fill(0);
    this.kernels.dropAll(host);
    host.load = 0;
    host.restartAtUs = NEVER;
    host.pausedUntilUs = 0;
    this.sweepAtUs[host.index] = NEVER;
    this.touch(host.index);
  }

  /** SIGKILL of the engine: its supervisor takes the addresses away and starts it again. */
  killEngine(host: Host): void {
    if (host.engine === null) return;
    this.endEngine(host, "engine killed");
    this.superviseEnd(host);
  }

  /** SIGKILL of all processes: the kernel keeps what is set in it. */
  killAll(host: Host): void {
    if (host.engine === null) return;
    this.endEngine(host, "all processes killed");
    host.lingering.fill(0);
    host.load = this.kernels.loadOfAddresses(host);
    this.touch(host.index);
  }

  /**
   * SIGKILL of the supervisor: its engine releases everything and ends, and the processes of
   * functions end with it.
   */
  killSupervisor(host: Host): void {
    host.isSupervised = false;
    host.restartAtUs = NEVER;
    if (host.engine !== null) host.laterDueUs = Math.min(host.laterDueUs, this.nowUs);
    this.trace.say(this.nowUs, `${name(host)}: supervisor killed`);
    this.touch(host.index);
  }

  /** SIGSTOP, and SIGCONT after a while. */
  pause(host: Host, durationUs: number): void {
    host.pausedUntilUs = Math.max(host.pausedUntilUs, this.nowUs + durationUs);
    host.turnsSincePause = 0;
    host.stoppedUs = this.nowUs;
    this.invariants.need.trouble();
  }

  /** An engine ended: its supervisor takes its addresses away and starts it again. */
  private superviseEnd(host: Host): void {
    if (!host.isSupervised) {
      host.lingering.fill(0);
      host.load = this.kernels.loadOfAddresses(host);
      return;
    }
    if (this.nowUs - host.startedUs >= PROVED_LIFE_US) host.restarts = 0;
    const { sweepUs, startUs, pauseFirstUs, pauseMaxUs } = this.supervision;
    const pauseUs =
      host.restarts === 0 ? 0 : Math.min(pauseFirstUs * 2 ** (host.restarts - 1), pauseMaxUs);
    host.restarts++;
    this.sweepAtUs[host.index] = this.nowUs + sweepUs;
    host.restartAtUs = this.nowUs + sweepUs + startUs + pauseUs;
    this.touch(host.index);
  }

  /** Its process is gone; addresses and processes are as they were. */
  endEngine(host: Host, how: string): void {
    if (host.engine === null) return;
    this.invariants.need.trouble();
    this.invariants.segments.learn();
    host.remember(host.engine);
    host.engine = null;
    host.turn = null;
    host.shell = null;
    this.moments.note(ENGINE_ENDS, host.index);
    this.trace.note(this.nowUs, TRACE_END, host.index, 0, 0);
    this.trace.say(this.nowUs, `${name(host)}: ${how}`);
  }

  /** An engine reports why it releases everything. */
  onLetGo(host: Host, code: number, value: number): void {
    const { engine } = host;
    if (this.trace.lines !== null)
      this.trace.say(this.nowUs, `${name(host)} ${formatRecord(code, value, 0, NAMES)}`);
    if (code !== LOG_STALLED && engine?.phases.leaving === true && engine.handover.busy === 0) {
      this.invariants.fail(
        "orderly stop",
        `s${host.index} owns nothing, leaves, and is made to let go`,
      );
    }
    const needless = this.invariants.need.judge(host);
    if (needless !== null) this.invariants.fail("need", needless);
  }

  // ---- one turn of a flight loop

  private turn(host: Host): void {
    const isKernelDue = this.tendKernel(host);
    const { engine, turn } = host;
    if (engine === null || turn === null) {
      if (host.restartAtUs <= this.nowUs) this.start(host);
      return;
    }
    if (isKernelDue && host.dueUs(this.nowUs) > this.nowUs) return;
    if (host.isInTurn) this.trace.note(this.nowUs, TRACE_GO_ON, host.index, turn.step, 0);
    else this.beginTurn(host, engine);
    this.moments.current = host;
    try {
      this.goOn(host, engine, turn);
    } catch (error) {
      // An engine that cannot take its addresses away ends, and its supervisor does.
      if (!String(error).includes("the kernel takes VIPs away")) throw error;
      this.endEngine(host, "does not get rid of an address");
      this.superviseEnd(host);
    }
    this.moments.current = null;
    if (host.isInTurn) return;
    host.endTurn(this.nowUs);
    if (turn.ended === ENDED_LET_GO || turn.ended === ENDED_SUPERVISOR_GONE) {
      this.invariants.conduct.onLetGo(host);
      this.endEngine(host, "let go of everything");
      this.superviseEnd(host);
    }
  }

  /** The next part of the flood that comes in at the host. */
  private flood(host: Host): void {
    const { nowUs, aircraft, air } = this;
    host.floodUs = nowUs + FLOOD_PAUSE_US <= host.floodUntilUs ? nowUs + FLOOD_PAUSE_US : NEVER;
    const kind = this.random.oneIn(4) ? TOO_SHORT : UNSEALED;
    for (let number = 0; number < aircraft.networks; number++)
      if ((host.floodNetworks & (1 << number)) !== 0)
        air.flood(host.index, number, host.floodCount, kind, nowUs);
  }

  /**
   * The actions of the kernel, the supervisor and the networks on their own.
   * @returns whether anything was due
   */
  private tendKernel(host: Host): boolean {
    const { nowUs } = this;
    const byItselfUs = Math.min(this.sweepAtUs[host.index], host.expiryUs, host.floodUs);
    if (byItselfUs > nowUs) return false;
    if (this.sweepAtUs[host.index] <= nowUs) {
      this.sweepAtUs[host.index] = NEVER;
      this.trace.note(nowUs, TRACE_SWEEP, host.index, 0, 0);
      this.kernels.dropAll(host);
    }
    if (host.expiryUs <= nowUs) this.kernels.expire(host);
    if (host.floodUs <= nowUs) this.flood(host);
    return true;
  }

  private beginTurn(host: Host, engine: Engine): void {
    this.turns++;
    host.turnsSincePause++;
    this.trace.note(this.nowUs, TRACE_TURN, host.index, engine.phase, 0);
    const localUs = host.local(this.nowUs);
    const isPeriod = localUs >= engine.nextSendUs;
    this.invariants.conduct.beginTurn(host, isPeriod);
    if (isPeriod && !engine.hasStalled(localUs))
      host.latenessUs = host.latenessMaxUs === 0 ? 0 : this.random.below(host.latenessMaxUs);
    this.pace.beginTurn(host);
  }

  /** The turn's next steps, until it is over or one of them takes time. */
  private goOn(host: Host, engine: Engine, turn: Turn): void {
    if (host.held === 0 && this.moments.awaited === 0 && !host.isInTurn) {
      this.goThrough(host, engine, turn);
      return;
    }
    const { conduct } = this.invariants;
    for (let goesOn = true; goesOn; ) {
      const { step } = turn;
      if (host.held !== 0 && this.pace.holdsUp(host, engine, step)) return;
      if (step === RECEIVE || step === DECIDE) host.decidedUs = host.local(this.nowUs);
      goesOn = turn.advance();
      if (step === RECEIVE) conduct.onReceived(host);
      if (step === RECEIVE || step === DECIDE) conduct.onDecided(host, engine);
      if (this.moments.awaited !== 0) this.lookAround(host, engine, step);
      if (host.tookUs === 0) continue;
      this.takeTime(host);
      if (goesOn) return;
    }
  }

  /**
   * A turn that nothing holds up and of whose moments nobody waits: as above, at once. Until a step
   * takes time all of them are at one instant, at which the checks may come last.
   */
  private goThrough(host: Host, engine: Engine, turn: Turn): void {
    const { conduct } = this.invariants;
    host.decidedUs = host.local(this.nowUs);
    while (turn.advance()) if (host.tookUs !== 0) break;
    conduct.onReceived(host);
    conduct.onDecided(host, engine);
    if (host.tookUs !== 0) this.takeTime(host);
  }

  /** One that waits for long is stopped, as far as the others can tell. */
  private takeTime(host: Host): void {
    if (host.tookUs > LONG_US) this.pause(host, host.tookUs);
    else host.busyUntilUs = this.nowUs + host.tookUs;
    host.tookUs = 0;
  }

  /** The result of the awaited step. */
  private lookAround(host: Host, engine: Engine, step: number): void {
    const { moments, air } = this;
    if (step === DECIDE && engine.effects.count > 0) moments.note(DECIDED, host.index);
    if (air.network.counts.lost === this.lostBefore) return;
    this.lostBefore = air.network.counts.lost;
    moments.note(KEEP_ALIVE_LOST, host.index, air.network.lostTo);
  }

  /** By how much the kernel ends a lease early. */
  drawTicksUs(): number {
    return this.random.below(this.aircraft.timing.leaseTicksUs + 1);
  }

  /**
   * A message from an attacker gets a step of its own, if nothing else waits: only a counter may
   * have changed then (P8).
   * @returns whether it was taken
   */
  judgeAlone(engine: Engine, host: Host, buffer: number, network: number, kind: number): boolean {
    const { events, counters } = engine;
    if (kind === GENUINE || events.count > 0) return false;
    const { datagrams, seal } = this.air;
    if (kind === TOUCHED && !seal.verify(datagrams.content(buffer))) return false;
    if (!decodeKeepAlive(datagrams.view(buffer), KEEP_ALIVE_BYTES, events.nextMessage()))
      return false;
    events.pushMessage(network);
    const before = counters[COUNTER_ACCEPTED];
    const message = events.message(events.count - 1);
    const peer = message.sender;
    const mayCount = kind === RECORDING && mayBeTakenForLive(engine, message);
    const { echoes } = engine.changes;
    const { heard, joining } = engine.membership;
    host.decidedUs = host.local(this.nowUs);
    // A turn of the aircraft has one step: what this one spends of the sends in a period is given
    // back.
    const sender = engine.sender as unknown as { extraSends: number };
    const { extraSends } = sender;
    engine.step(host.decidedUs, false);
    sender.extraSends = extraSends;
    const isAccepted = counters[COUNTER_ACCEPTED] !== before;
    if (isAccepted && !mayCount) {
      this.invariants.fail(
        "P8",
        `${name(host)} accepted ${kind === RECORDING ? "a recording" : "what was touched"}`,
      );
    }
    const isAsBefore = engine.membership.heard === heard && engine.membership.joining === joining;
    if (!isAccepted && isAsBefore && engine.changes.echoes !== echoes)
      this.invariants.conduct.onEchoOwed(host, engine, peer);
    return true;
  }

  pushLater(host: Host, delayUs: number, kind: number, index: number, first: number): void {
    host.later(this.nowUs + delayUs, kind, index, first);
    this.touch(host.index);
  }

  /** Requests are repeated until they are done. */
  command(host: Host, command: number): void {
    if (host.engine === null) {
      if (command === CONTROL_RESUME) host.isDrained = false;
      return;
    }
    if (command === CONTROL_LEAVE) host.isToLeave = true;
    this.pushLater(host, 0, EVENT_COMMAND, 0, command);
  }

  /** The server's withheld resource, and whether it holds: stored at once, sent to its engine. */
  setInputs(host: Host, withheld: number, holds: boolean): void {
    host.withheld = withheld;
    host.holds = holds;
    this.invariants.onInputs();
    if (host.engine === null || host.isOlder) return;
    this.pushLater(host, 0, EVENT_INPUTS, withheld, holds ? 1 : 0);
  }

  setCarrier(host: Host, present: boolean): void {
    host.carrierFaults += present ? -1 : 1;
    const carrier = host.carrierFaults <= 0;
    if (carrier === host.carrier) return;
    host.carrier = carrier;
    this.cutClientNetwork(host, !carrier);
    if (host.engine !== null) this.pushLater(host, 0, EVENT_CARRIER, 0, carrier ? 1 : 0);
  }

  /** The client network is cut behind the switch's port, where no server sees it, or joined. */
  setClientCut(host: Host, isCut: boolean): void {
    host.clientCuts += isCut ? 1 : -1;
    this.cutClientNetwork(host, isCut);
  }

  /** It is the first of the keep-alive networks, too. */
  private cutClientNetwork(host: Host, isCut: boolean): void {
    const { network } = this.air;
    for (let other = 0; other < this.hosts.length; other++) {
      if (other === host.index) continue;
      if (isCut) {
        network.cut(host.index, other, 0, this.nowUs);
        network.cut(other, host.index, 0, this.nowUs);
      } else {
        network.join(host.index, other, 0, this.nowUs);
        network.join(other, host.index, 0, this.nowUs);
      }
    }
  }
}
