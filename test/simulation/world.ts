/**
 * Servers, their kernels and networks in virtual time, around the engines and the wire format that fly. One event at a time: the server
 * whose turn is next does what io/loop does with sockets. Nothing here decides anything for an engine; what must hold is in invariants.
 */
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../../src/core/effect-queue.ts";
import { Engine } from "../../src/core/engine.ts";
import {
  EVENT_CARRIER,
  EVENT_COMMAND,
  EVENT_KEEP_ALIVE,
  EVENT_PROCESS,
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_REMOVED,
  EVENT_VIP_UP,
  EVENT_WITNESS,
} from "../../src/core/event-queue.ts";
import { formatEvent } from "../../src/core/event-text.ts";
import { PROCESS_ALWAYS } from "../../src/core/function-table.ts";
import { EACCES } from "../../src/io/errno.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { RECEIVES_PER_TURN_MAX, SERVERS_MAX, VIP_BATCH_MAX } from "../../src/limits.ts";
import {
  CONTROL_PROCESS_FAILED,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  REASON_FAILOVER,
} from "../../src/wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import { COUNTER_ACCEPTED, COUNTER_AUTHENTICATION, COUNTER_MALFORMED } from "../../src/wire/status-snapshot.ts";
import type { Aircraft } from "./aircraft.ts";
import { Attacker } from "./attacker.ts";
import { Datagrams, GENUINE, RECORDING, TOUCHED } from "./datagrams.ts";
import { AFTER_RENEWAL, BEFORE_EFFECTS, FROM_START, Host } from "./host.ts";
import type { Invariants } from "./invariants.ts";
import { FLIPPED, LOST, Network } from "./network.ts";
import type { Random } from "./random.ts";
import type { Trace } from "./trace.ts";

const NEVER = Number.POSITIVE_INFINITY;
const ANNOUNCE_AGAIN_US = 1_000_000;
/** From exec to the first turn. */
const ENGINE_START_US = 30_000;
/** The supervisor's pauses before it starts an engine again (supervisor/back-off). */
const PAUSE_FIRST_US = 100_000;
const PAUSE_MAX_US = 5_000_000;
const PROVED_LIFE_US = 60_000_000;
/** A supervisor sees that its engine ended, and takes its addresses away. */
const SWEEP_US = 3_000;
const OTHER_EFFECTS_PER_TURN = 16;
/** More turns than all servers can have at one instant. */
const TURNS_AT_ONCE_MAX = 100_000;
const STALLED = "stalled";
const KEY = new Uint8Array(32).fill(7);

// What the trace counts beside effects.
const TRACE_TURN = 100;
const TRACE_START = 101;
const TRACE_END = 102;
const TRACE_SWEEP = 103;

export class World {
  nowUs = 0;
  readonly hosts: Host[];
  readonly network: Network;
  readonly datagrams = new Datagrams();
  readonly seal = new KeepAliveSeal(KEY);
  /** Witnesses that answer. */
  readonly witnesses: Uint8Array;
  readonly attacker: Attacker;

  /** Engines advance their hand-overs in every step, also where nothing changed. */
  skipsNothing = false;
  /** Turns of all engines, hand-overs of functions from one server to another, and the longest gap of a failover. */
  turns = 0;
  handovers = 0;
  worstFailoverUs = 0;

  // ---- how this world's kernels and processes behave
  readonly processStartUs: number;
  readonly processStopUs: number;
  readonly vipsPerTurn: number;
  readonly batchUs: number;
  /** How late the turns of a loop are that is not starved. */
  readonly latenessMaxUs: number;

  private readonly due: Float64Array;
  /** Server on which each function was up last, and when it answered there last. */
  private readonly lastOwner: Int8Array;
  private readonly lastAnsweredUs: Float64Array;
  /** When each server swept its addresses away after its engine ended; NEVER when there is nothing to sweep. */
  private readonly sweepAtUs: Float64Array;
  private incarnation = 1;
  /** Turns since the time moved on last. */
  private turnsNow = 0;
  private nonce = 1;

  constructor(
    readonly aircraft: Aircraft,
    private readonly random: Random,
    readonly invariants: Invariants,
    readonly trace: Trace,
  ) {
    const { serverCount, table, timing, networks } = aircraft;
    this.hosts = Array.from(
      { length: serverCount },
      (_, index) => new Host(index, table.functionCount, this.datagrams),
    );
    this.attacker = new Attacker(random);
    const lostAfter = timing.detectionUs / timing.periodUs;
    this.network = new Network(random, networks, Math.max(1, lostAfter - 2));
    this.witnesses = new Uint8Array(aircraft.witnesses).fill(1);
    this.due = new Float64Array(SERVERS_MAX).fill(NEVER);
    this.sweepAtUs = new Float64Array(SERVERS_MAX).fill(NEVER);
    this.lastOwner = new Int8Array(table.functionCount).fill(-1);
    this.lastAnsweredUs = new Float64Array(table.functionCount).fill(NEVER);
    const graceUs = Math.max(...table.stopGraceUs.slice(0, table.functionCount), 0);
    this.processStartUs = random.between(1, 40) * 1000;
    this.processStopUs = random.below(graceUs + 1000);
    const slowKernel = random.oneIn(3);
    this.vipsPerTurn = slowKernel ? 1 : VIP_BATCH_MAX;
    this.batchUs = slowKernel ? random.between(100, 800) : 20;
    const clocks = random.oneIn(2);
    this.latenessMaxUs = random.pick([0, 100]);
    for (const host of this.hosts) {
      host.latenessMaxUs = this.latenessMaxUs;
      host.offsetUs = random.below(1_000_000_000);
      host.ppm = clocks ? random.between(0, 400) - 200 : 0;
    }
    invariants.begin(this);
  }

  get hasLease(): boolean {
    return this.aircraft.timing.leaseUs !== 0;
  }

  /** Flies until `endUs`. */
  runUntil(endUs: number): void {
    const { due, hosts } = this;
    for (;;) {
      let next = 0;
      for (let server = 1; server < hosts.length; server++) if (due[server] < due[next]) next = server;
      if (due[next] > endUs) break;
      if (due[next] > this.nowUs) {
        this.nowUs = due[next];
        this.turnsNow = 0;
      } else if (++this.turnsNow > TURNS_AT_ONCE_MAX) this.invariants.fail("P7", `s${next} turns without end`);
      this.turn(hosts[next] as Host);
      this.touch(next);
      this.invariants.check(hosts[next] as Host);
    }
    this.nowUs = endUs;
  }

  /** Something about the server changed that its next turn depends on. */
  touch(server: number): void {
    const host = this.hosts[server] as Host;
    this.due[server] = Math.min(host.dueUs(this.nowUs), this.sweepAtUs[server]);
  }

  // ---- power and processes

  /** Power on, or the supervisor starts its engine: what an earlier run left goes first, then a new incarnation begins. */
  start(host: Host): void {
    const { aircraft } = this;
    this.dropAll(host);
    host.restartAtUs = NEVER;
    host.powered = true;
    host.hasLeft = false;
    host.clearLater();
    host.inbox.clear();
    host.stage = FROM_START;
    host.interruptUs = 0;
    host.lingering.fill(0);
    host.load = 0;
    host.startedUs = this.nowUs;
    const digest = host.foreignTable ? 1 : 0;
    const identity = {
      self: host.index,
      systemId: aircraft.systemId,
      digestHigh: (aircraft.digestHigh ^ digest) >>> 0,
      digestLow: aircraft.digestLow,
      incarnation: this.incarnation++,
      nonce: this.nonce++,
      clientMacLow: host.index + 1,
    };
    const localUs = host.local(this.nowUs);
    const { table, policy, timing, witnesses } = aircraft;
    host.engine = new Engine(table, policy, identity, timing, ANNOUNCE_AGAIN_US, localUs, witnesses);
    host.engine.skips = !this.skipsNothing;
    host.leaseEndUs = localUs + timing.leaseUs;
    if (!host.carrier) this.pushLater(host, 0, EVENT_CARRIER, 0, 0);
    this.sweepAtUs[host.index] = NEVER;
    this.trace.note(this.nowUs, TRACE_START, host.index, identity.incarnation, 0);
    this.trace.say(this.nowUs, `${name(host)} starts, incarnation ${identity.incarnation}`);
    this.touch(host.index);
  }

  /** Power off: everything is gone at once. */
  powerOff(host: Host): void {
    this.endEngine(host, "power off");
    host.powered = false;
    host.poweredOffUs = this.nowUs;
    host.lingering.fill(0);
    this.dropAll(host);
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

  /** SIGKILL of all processes: the kernel goes on with what is set in it. */
  killAll(host: Host): void {
    if (host.engine === null) return;
    this.endEngine(host, "all processes killed");
    host.lingering.fill(0);
    host.load = this.loadOfAddresses(host);
    this.touch(host.index);
  }

  /** SIGSTOP, and SIGCONT after a while. */
  pause(host: Host, durationUs: number): void {
    host.pausedUntilUs = Math.max(host.pausedUntilUs, this.nowUs + durationUs);
    host.turnsSincePause = 0;
  }

  private superviseEnd(host: Host): void {
    if (this.nowUs - host.startedUs >= PROVED_LIFE_US) host.restarts = 0;
    const pauseUs = host.restarts === 0 ? 0 : Math.min(PAUSE_FIRST_US * 2 ** (host.restarts - 1), PAUSE_MAX_US);
    host.restarts++;
    this.sweepAtUs[host.index] = this.nowUs + SWEEP_US;
    host.restartAtUs = this.nowUs + SWEEP_US + ENGINE_START_US + pauseUs;
    this.touch(host.index);
  }

  private endEngine(host: Host, how: string): void {
    if (host.engine === null) return;
    host.engine = null;
    host.stage = FROM_START;
    this.trace.note(this.nowUs, TRACE_END, host.index, 0, 0);
    this.trace.say(this.nowUs, `${name(host)}: ${how}`);
  }

  /** The engine saw that others may have taken over: it lets go of everything and ends, and its supervisor starts it anew. */
  private letGo(host: Host, why: string): void {
    if (why !== STALLED && host.engine?.leaving === true && host.engine.handover.busy === 0) {
      this.invariants.fail("orderly stop", `s${host.index} owns nothing, leaves, and is made to let go: ${why}`);
    }
    host.leaseEndUs = 0;
    this.dropAll(host);
    this.endEngine(host, `let go of everything, ${why}`);
    this.superviseEnd(host);
  }

  private dropAll(host: Host): void {
    for (let index = 0; index < host.up.length; index++) if (host.up[index] !== 0) this.removeAddress(host, index);
  }

  private loadOfAddresses(host: Host): number {
    let load = 0;
    for (let index = 0; index < host.up.length; index++) {
      if (host.up[index] !== 0) load += this.aircraft.table.required[index];
    }
    return load;
  }

  // ---- one turn of a flight loop

  private turn(host: Host): void {
    if (this.sweepAtUs[host.index] <= this.nowUs) {
      this.sweepAtUs[host.index] = NEVER;
      this.trace.note(this.nowUs, TRACE_SWEEP, host.index, 0, 0);
      this.dropAll(host);
    }
    const { engine } = host;
    if (engine === null) {
      if (host.restartAtUs <= this.nowUs) this.start(host);
      return;
    }
    this.turns++;
    host.turnsSincePause++;
    const localUs = host.local(this.nowUs);
    this.trace.note(this.nowUs, TRACE_TURN, host.index, engine.phase, 0);
    if (host.stage === BEFORE_EFFECTS) {
      host.stage = FROM_START;
      this.carryOut(host, engine);
      return;
    }
    let readsFirst = false;
    if (host.stage === AFTER_RENEWAL) {
      host.stage = FROM_START;
      engine.beginPeriod(host.stageLocalUs);
      this.send(host, engine);
    } else if (engine.hasStalled(localUs)) {
      this.letGo(host, STALLED);
      return;
    } else if (localUs >= engine.nextSendUs) {
      host.latenessUs = host.latenessMaxUs === 0 ? 0 : this.random.below(host.latenessMaxUs);
      if (!this.renew(host, engine, localUs)) return;
      if (this.interrupted(host, AFTER_RENEWAL, localUs)) return;
      readsFirst = engine.isLate(localUs);
      if (!readsFirst) {
        engine.beginPeriod(localUs);
        this.send(host, engine);
      }
    }
    const allRead = this.receive(host, engine);
    if (host.laterDueUs <= this.nowUs) this.takeLater(host, engine);
    engine.step(localUs, allRead);
    if (readsFirst) engine.beginPeriod(localUs);
    if (engine.sendRequested) this.send(host, engine);
    while (engine.composeRelay()) this.broadcast(host, engine);
    if (this.hasLease && engine.lease.isDue(localUs) && !this.renew(host, engine, localUs)) return;
    if (engine.effects.count > 0 && this.interrupted(host, BEFORE_EFFECTS, localUs)) return;
    if (engine.effects.count > 0) this.carryOut(host, engine);
  }

  /** The process is stopped here for a while, if that is what a fault asks for. */
  private interrupted(host: Host, at: number, localUs: number): boolean {
    if (host.interruptUs === 0 || host.interruptAt !== at) return false;
    this.pause(host, host.interruptUs);
    host.interruptUs = 0;
    host.stage = at;
    host.stageLocalUs = localUs;
    this.trace.say(
      this.nowUs,
      `${name(host)} is stopped ${at === AFTER_RENEWAL ? "after a renewal" : "before it acts"}`,
    );
    return true;
  }

  private renew(host: Host, engine: Engine, localUs: number): boolean {
    if (!this.hasLease || !engine.needsLease) return true;
    const lengthMs = engine.lease.grant(localUs);
    if (lengthMs === 0 || localUs >= host.leaseEndUs) {
      this.letGo(host, lengthMs === 0 ? "others may take over" : "its lease ran out");
      return false;
    }
    host.leaseEndUs = localUs + lengthMs * 1000 - this.random.below(this.aircraft.timing.leaseTicksUs + 1);
    return true;
  }

  private receive(host: Host, engine: Engine): boolean {
    const { inbox } = host;
    const { events, counters } = engine;
    let taken = 0;
    while (inbox.count > 0 && inbox.firstUs <= this.nowUs) {
      if (taken === RECEIVES_PER_TURN_MAX || events.isFull()) return false;
      const { buffer, network, kind } = inbox;
      inbox.shift();
      taken++;
      if (!decodeKeepAlive(this.datagrams.view(buffer), KEEP_ALIVE_BYTES, events.message(events.count))) {
        counters[COUNTER_MALFORMED]++;
      } else if (kind === TOUCHED && !this.seal.verify(this.datagrams.content(buffer))) {
        counters[COUNTER_AUTHENTICATION]++;
      } else {
        events.push(EVENT_KEEP_ALIVE, 0, network);
        if (kind !== GENUINE) this.judgeAlone(engine, host, kind);
      }
    }
    return true;
  }

  /** What an attacker sent gets a step of its own: nothing but a counter may have changed then (P8). */
  private judgeAlone(engine: Engine, host: Host, kind: number): void {
    const { events } = engine;
    if (events.count > 1) return; // comes together with others: judged by what follows
    const before = engine.counters[COUNTER_ACCEPTED];
    engine.step(host.local(this.nowUs), false);
    if (engine.counters[COUNTER_ACCEPTED] !== before) {
      this.invariants.fail("P8", `${name(host)} accepted ${kind === RECORDING ? "a recording" : "what was touched"}`);
    }
  }

  private takeLater(host: Host, engine: Engine): void {
    let dueUs = NEVER;
    for (let at = 0; at < host.laterUs.length; ) {
      const atUs = host.laterUs[at];
      if (atUs > this.nowUs || engine.events.isFull()) {
        if (atUs < dueUs) dueUs = atUs;
        at++;
        continue;
      }
      const kind = host.laterKind[at];
      const index = host.laterIndex[at];
      const first = host.laterFirst[at];
      host.forgetLater(at);
      const ended = first === CONTROL_PROCESS_STOPPED || first === CONTROL_PROCESS_FAILED;
      if (kind === EVENT_PROCESS && ended) this.endLingering(host, index);
      engine.events.push(kind, index, first);
    }
    host.laterDueUs = dueUs;
  }

  private endLingering(host: Host, index: number): void {
    if (host.lingering[index] === 0) return;
    host.lingering[index] = 0;
    if (host.up[index] === 0) host.load -= this.aircraft.table.required[index];
  }

  pushLater(host: Host, delayUs: number, kind: number, index: number, first: number): void {
    host.later(this.nowUs + delayUs, kind, index, first);
    this.touch(host.index);
  }

  command(host: Host, command: number): void {
    if (host.engine !== null) this.pushLater(host, 0, EVENT_COMMAND, 0, command);
  }

  // ---- datagrams

  private send(host: Host, engine: Engine): void {
    engine.compose();
    this.broadcast(host, engine);
  }

  private broadcast(host: Host, engine: Engine): void {
    const buffer = this.datagrams.take();
    encodeKeepAlive(engine.outgoing, this.datagrams.view(buffer));
    if (this.attacker.listens()) {
      this.seal.seal(this.datagrams.content(buffer));
      this.attacker.record(this.datagrams.keep(buffer), this.nowUs);
    }
    for (let other = 0; other < this.hosts.length; other++) {
      if (other !== host.index) this.post(host.index, other, buffer);
    }
    this.datagrams.sent(buffer);
  }

  private post(from: number, to: number, buffer: number): void {
    const { network } = this;
    const fate = network.fate(from, to, this.nowUs);
    if (fate === LOST) return;
    if (fate === FLIPPED) {
      this.flip(from, to, buffer);
      return;
    }
    for (let number = 0; number < network.networks; number++) {
      if (!network.isOpen(from, to, number)) continue;
      this.deliver(to, network.arrivalUs(from, to, number, this.nowUs), buffer, number, GENUINE);
      if (network.doubles()) {
        this.deliver(to, network.arrivalUs(from, to, number, this.nowUs + 50), buffer, number, GENUINE);
      }
    }
  }

  /** Sends a copy in which one bit is another. */
  private flip(from: number, to: number, buffer: number): void {
    const { network, datagrams } = this;
    this.seal.seal(datagrams.content(buffer));
    const flipped = datagrams.copy(buffer);
    const bit = this.random.below(KEEP_ALIVE_BYTES * 8);
    datagrams.content(flipped)[bit >> 3] ^= 1 << (bit & 7);
    for (let number = 0; number < network.networks; number++) {
      if (!network.isOpen(from, to, number)) continue;
      this.deliver(to, network.arrivalUs(from, to, number, this.nowUs), flipped, number, TOUCHED);
    }
    datagrams.sent(flipped);
  }

  private deliver(to: number, atUs: number, buffer: number, number: number, kind: number): void {
    const host = this.hosts[to] as Host;
    if (host.engine === null) return;
    host.inbox.push(atUs, buffer, number, kind);
    if (atUs < this.due[to]) this.due[to] = Math.max(atUs, host.busyUntilUs, host.pausedUntilUs);
  }

  /** The attacker sends some datagrams to everybody: recordings as they were, or changed without the key. */
  attack(forge: boolean, count: number): void {
    const { attacker, network, datagrams } = this;
    for (let sent = 0; sent < count; sent++) {
      const bytes = forge ? attacker.forge() : attacker.replay(this.nowUs - 4 * this.aircraft.timing.detectionUs);
      if (bytes === null) continue;
      const buffer = datagrams.put(bytes);
      for (let to = 0; to < this.hosts.length; to++) {
        const number = this.random.below(network.networks);
        this.deliver(to, this.nowUs + 60, buffer, number, forge ? TOUCHED : RECORDING);
      }
      datagrams.sent(buffer);
    }
  }

  // ---- effects

  private carryOut(host: Host, engine: Engine): void {
    const { effects } = engine;
    let moved = 0;
    while (effects.urgentCount > 0 && moved < this.vipsPerTurn) {
      effects.take();
      if (effects.kind === EFFECT_VIP_ADD || effects.kind === EFFECT_VIP_REMOVE) moved++;
      this.carryOutOne(host, engine);
    }
    if (moved > 0) host.busyUntilUs = this.nowUs + this.batchUs;
    const others = effects.urgentCount > 0 ? OTHER_EFFECTS_PER_TURN : effects.count;
    for (let other = 0; other < others && effects.takeOther(); other++) this.carryOutOne(host, engine);
  }

  private carryOutOne(host: Host, engine: Engine): void {
    const { kind, index, first, second } = engine.effects;
    const { table } = this.aircraft;
    this.trace.note(this.nowUs, kind, host.index, index, first ^ second);
    switch (kind) {
      case EFFECT_VIP_ADD:
        if (host.refused[index] !== 0) host.later(this.nowUs, EVENT_VIP_FAILED, index, EACCES);
        else {
          this.addAddress(host, index);
          host.later(this.nowUs, EVENT_VIP_UP, index, 0);
        }
        break;
      case EFFECT_VIP_REMOVE:
        this.invariants.onRemove(host, index);
        if (host.up[index] !== 0) this.removeAddress(host, index);
        host.later(this.nowUs, EVENT_VIP_DOWN, index, 0);
        break;
      case EFFECT_PROCESS_START:
        if (host.lingering[index] === 0 && table.process[index] !== PROCESS_ALWAYS) {
          host.lingering[index] = 1;
          if (host.up[index] === 0) host.load += table.required[index];
        }
        host.later(this.nowUs + this.processStartUs, EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
        break;
      case EFFECT_PROCESS_STOP:
        // A start that was under way is overtaken by the stop.
        for (let at = host.laterUs.length - 1; at >= 0; at--) {
          if (host.laterKind[at] === EVENT_PROCESS && host.laterIndex[at] === index) host.forgetLater(at);
        }
        host.later(this.nowUs + this.processStopUs, EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
        break;
      case EFFECT_PROBE:
        // A witness is on the client network: it answers whoever has a cable.
        if (this.witnesses[index] !== 0 && host.carrier) host.later(this.nowUs + 150, EVENT_WITNESS, index, 0);
        break;
      case EFFECT_NOTICE:
      case EFFECT_NOTICE_STOPPING:
        this.invariants.onNotice(kind, index, first);
        break;
      case EFFECT_LOG:
        this.invariants.onLog();
        if (this.trace.lines !== null)
          this.trace.say(this.nowUs, `${name(host)} ${formatEvent(index, first, second, NAMES)}`);
        break;
      case EFFECT_LEFT:
        this.endEngine(host, "left");
        host.hasLeft = true;
        this.dropAll(host);
        break;
      case EFFECT_ANNOUNCE:
        break;
    }
  }

  private addAddress(host: Host, index: number): void {
    if (host.up[index] !== 0) return;
    host.up[index] = 1;
    host.upCount++;
    if (host.lingering[index] === 0) host.load += this.aircraft.table.required[index];
    const before = this.lastOwner[index];
    if (before !== host.index) {
      if (before !== -1) this.noteHandover(host, index, before);
      this.lastOwner[index] = host.index;
    }
    this.trace.say(this.nowUs, `${name(host)} VIP of f${index} up`);
    this.invariants.onAdd(host, index);
  }

  private noteHandover(host: Host, index: number, before: number): void {
    this.handovers++;
    // A failover: given to this server because the one that answered until it was switched off is gone.
    const from = this.hosts[before] as Host;
    if (from.powered || this.lastAnsweredUs[index] !== from.poweredOffUs) return;
    if (host.engine?.handover.startReason[index] !== REASON_FAILOVER) return;
    if (!this.invariants.isActiveSince(host, this.lastAnsweredUs[index])) return;
    const gapUs = this.nowUs - this.lastAnsweredUs[index];
    if (gapUs > this.worstFailoverUs) this.worstFailoverUs = gapUs;
  }

  private removeAddress(host: Host, index: number): void {
    host.up[index] = 0;
    host.upCount--;
    if (host.lingering[index] === 0) host.load -= this.aircraft.table.required[index];
    this.lastAnsweredUs[index] = this.hasLease ? Math.min(this.nowUs, host.world(host.leaseEndUs)) : this.nowUs;
    this.trace.say(this.nowUs, `${name(host)} VIP of f${index} down`);
    this.invariants.onGone(index);
  }

  /** Somebody deletes the function's address with a command of the operating system. */
  removeByHand(host: Host, index: number): void {
    if (host.up[index] === 0) return;
    this.removeAddress(host, index);
    if (host.engine !== null) this.pushLater(host, 0, EVENT_VIP_REMOVED, index, 0);
  }

  setCarrier(host: Host, present: boolean): void {
    host.carrierFaults += present ? -1 : 1;
    const carrier = host.carrierFaults <= 0;
    if (carrier === host.carrier) return;
    host.carrier = carrier;
    for (let other = 0; other < this.hosts.length; other++) {
      if (other === host.index) continue;
      if (carrier) {
        this.network.join(host.index, other, 0, this.nowUs);
        this.network.join(other, host.index, 0, this.nowUs);
      } else {
        this.network.cut(host.index, other, 0, this.nowUs);
        this.network.cut(other, host.index, 0, this.nowUs);
      }
    }
    if (host.engine !== null) this.pushLater(host, 0, EVENT_CARRIER, 0, carrier ? 1 : 0);
  }
}

function name(host: Host): string {
  return `s${host.index}`;
}

const NAMES = {
  servers: Array.from({ length: SERVERS_MAX }, (_, server) => `s${server}`),
  functions: Array.from({ length: 64 }, (_, index) => `f${index}`),
  networks: ["eth0", "eth1"],
};
