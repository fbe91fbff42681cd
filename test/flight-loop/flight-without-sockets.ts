/**
 * The hot path of a flight without sockets: four servers fly the turn with all work of a period:
 * lease, compose, encode, seal, verify, decode, step, relay, write the status. Kernel and
 * supervisor answer at once. Everything is made before the first period.
 */
import type { Policy } from "../../src/allocation/allocation.ts";
import { FunctionTable, PROCESS_ON_ACTIVATE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { COUNTER_ACCEPTED } from "../../src/boundary/counters.ts";
import { EFFECT_VIP_ADD, EFFECT_VIP_REMOVE } from "../../src/boundary/effect-queue.ts";
import {
  EVENT_COMMAND,
  EVENT_MOVE,
  EVENT_STRANGER,
  type EventQueue,
} from "../../src/boundary/event-queue.ts";
import { timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { DECISIONS_BURST_MAX } from "../../src/limits.ts";
import { Rehearsal, RehearsalShell } from "../../src/rehearsal/rehearsal.ts";
import { ConditionReport } from "../../src/reporting/condition-report.ts";
import { DecisionReport } from "../../src/reporting/decision-report.ts";
import { FaultBoard } from "../../src/reporting/fault-board.ts";
import { Redundancy } from "../../src/reporting/redundancy.ts";
import { StatusWriter } from "../../src/reporting/status.ts";
import { CONTROL_DRAIN, CONTROL_RESUME } from "../../src/wire/control.ts";
import type { KeepAliveMessage } from "../../src/wire/keep-alive.ts";
import { STATUS_BYTES } from "../../src/wire/status-snapshot.ts";

const SERVERS = 4;
const FUNCTIONS = 64;
const PERIOD_MS = 10;
const PERIOD_US = 1000 * PERIOD_MS;
const TIMING = timingOf(PERIOD_MS, 8, 3, 0, 65, 4);

/**
 * In every cycle one server is drained and resumed, another is cut off and comes back, then two do
 * not hear each other, and a function is moved by hand.
 */
const CYCLE_PERIODS = 40;
const DRAIN_AT = 0;
const RESUME_AT = 4;
const CUT_AT = 8;
const JOIN_AT = 20;
const PART_AT = 26;
const WHOLE_AT = 32;
const MOVE_AT = 36;

/** A shell that also seals, verifies and writes the status, as the aircraft's does. */
class SealedShell extends RehearsalShell {
  ups = 0;
  downs = 0;
  renewals = 0;
  private readonly seal = new KeepAliveSeal(new Uint8Array(32).fill(5));
  status: StatusWriter | null = null;
  conditions: ConditionReport | null = null;
  decisions: DecisionReport | null = null;
  faults: FaultBoard | null = null;
  engine: Engine | null = null;

  override compose(message: KeepAliveMessage): void {
    super.compose(message);
    this.seal.seal(this.sentBytes);
  }

  override isSealed(): boolean {
    return this.seal.verify(this.receivedBytes);
  }

  override renewLease(): number {
    this.renewals++;
    return 0;
  }

  override carryOut(kind: number, index: number, first: number, second: number): void {
    if (kind === EFFECT_VIP_ADD) this.ups++;
    else if (kind === EFFECT_VIP_REMOVE) this.downs++;
    super.carryOut(kind, index, first, second);
  }

  override tell(code: number, value: number): void {
    throw new Error(`a server lets go of everything: ${code}, ${value}`);
  }

  override report(nowUs: number, events: EventQueue): void {
    const { status, conditions, decisions, faults, engine } = this;
    if (status === null || conditions === null || faults === null || engine === null) return;
    if (decisions === null) return;
    faults.observe(engine, nowUs);
    faults.tell(engine.sender.message, nowUs);
    status.write(nowUs);
    conditions.update(nowUs, status.owners, events);
    decisions.look(nowUs);
    decisions.update(events);
    decisions.allowed = DECISIONS_BURST_MAX; // of as many as there are
  }
}

/** All functions run on four servers; two could not carry them. */
function aircraft(): FunctionTable {
  const rows = Array.from({ length: FUNCTIONS }, (_, index) => ({
    required: 10,
    priority: 1 + (index % 10),
    servers: (1 << SERVERS) - 1,
    process: PROCESS_ON_ACTIVATE,
    stopGraceMs: 0,
  }));
  return new FunctionTable(Array<number>(SERVERS).fill(200), rows);
}

export class Flight {
  /** Moves asked for that were not refused. */
  moves = 0;
  /** The datagram that was sent last. */
  datagram: Uint8Array<ArrayBuffer>;

  private periods = 0;
  private strangerAt = 0;
  private readonly rehearsal = new Rehearsal(TIMING);
  private readonly shells: SealedShell[] = [];

  constructor(policy: Policy = PREEMPT) {
    const table = aircraft();
    for (let self = 0; self < SERVERS; self++) this.add(self, table, policy);
    this.datagram = (this.shells[0] as SealedShell).sentBytes;
  }

  /** VIPs brought up and taken down since the start. */
  get ups(): number {
    return this.shells.reduce((sum, { ups }) => sum + ups, 0);
  }

  get downs(): number {
    return this.shells.reduce((sum, { downs }) => sum + downs, 0);
  }

  /**
   * One period in which nothing happens, except leftovers of the last one, and a host that claims
   * one VIP after the other.
   */
  quietPeriod(): void {
    const { engines } = this.rehearsal;
    this.strangerAt = (this.strangerAt + 1) % FUNCTIONS;
    for (let server = 0; server < SERVERS; server++) {
      engines[server].events.push(EVENT_STRANGER, this.strangerAt, 0x0266, -1);
    }
    this.rehearsal.fly(this.rehearsal.nowUs + PERIOD_US);
  }

  /** The same, with one step of a cycle of take-overs and hand-overs. */
  busyPeriod(): void {
    const { rehearsal } = this;
    const cycle = Math.floor(this.periods / CYCLE_PERIODS);
    const at = this.periods % CYCLE_PERIODS;
    const drained = cycle % SERVERS;
    const cut = (cycle + 1) % SERVERS;
    if (at === DRAIN_AT) rehearsal.engines[drained].events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
    else if (at === RESUME_AT)
      rehearsal.engines[drained].events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    else if (at === CUT_AT) rehearsal.cutOff(cut, true);
    else if (at === JOIN_AT) rehearsal.cutOff(cut, false);
    else if (at === PART_AT) rehearsal.cut(cut, drained, true);
    else if (at === WHOLE_AT) rehearsal.cut(cut, drained, false);
    else if (at === MOVE_AT) this.moveOne(drained);
    this.periods++;
    this.quietPeriod();
  }

  /** Somebody at a server asks for its first function that can be moved to have another owner. */
  private moveOne(asked: number): void {
    const { events, moves } = this.rehearsal.engines[asked];
    for (let place = 0; place < FUNCTIONS * SERVERS; place++) {
      const index = place >> 2;
      const server = place & 3;
      if (moves.refusal(index, server) !== 0) continue;
      events.push(EVENT_MOVE, index, server);
      this.moves++;
      return;
    }
  }

  /** Datagrams accepted by all engines. */
  accepted(): number {
    let sum = 0;
    for (const { counters } of this.rehearsal.engines) sum += counters[COUNTER_ACCEPTED];
    return sum;
  }

  /** Turns of all servers: each gave its lease a look. */
  get turns(): number {
    return this.rehearsal.turnCount;
  }

  /** Leases renewed by all servers. */
  get renewals(): number {
    return this.shells.reduce((sum, { renewals }) => sum + renewals, 0);
  }

  /** Sightings of the host counted by all engines: each by the one that has the VIP up. */
  sightings(): number {
    let sum = 0;
    for (const { strangers } of this.rehearsal.engines) sum += strangers.sightings;
    return sum;
  }

  /** All engines hold the same assignment, and every function is up on one server. */
  isSettled(): boolean {
    const digests = new Set(this.rehearsal.engines.map(({ agreement }) => agreement.digest));
    return digests.size === 1 && this.ups - this.downs === FUNCTIONS;
  }

  private add(self: number, table: FunctionTable, policy: Policy): void {
    const { rehearsal } = this;
    const incarnation = 100 + self;
    const identity = { self, systemId: 42, digestHigh: 7, digestLow: 7, incarnation, nonce: 0 };
    const engine = new Engine(table, policy, identity, TIMING, 1_000_000, rehearsal.nowUs, 1);
    const shell = new SealedShell(rehearsal, self, true, engine.events);
    const view = new DataView(new ArrayBuffer(STATUS_BYTES));
    const redundancy = new Redundancy(table, engine, self);
    shell.engine = engine;
    shell.faults = new FaultBoard(SERVERS, self);
    shell.faults.set(0, 1, 117, 0, 5, rehearsal.nowUs);
    shell.status = new StatusWriter(view, table, engine, identity, 0, redundancy, shell.faults);
    shell.conditions = new ConditionReport(table, engine, redundancy);
    shell.decisions = new DecisionReport(table, engine, 1, 1);
    shell.status.begin(1, rehearsal.nowUs, new Uint8Array(32));
    this.shells.push(shell);
    rehearsal.add(engine, shell);
  }
}
