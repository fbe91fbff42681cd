/**
 * The hot path of a flight without sockets: four real engines with everything that a period does in
 * the flight loop: compose, encode, seal, verify, decode, step, write the status. Kernel and
 * supervisor answer at once. Everything is made before the first period.
 */
import type { Policy } from "../../src/core/allocation.ts";
import { PREEMPT } from "../../src/core/allocation-preempt.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_AUTHENTICATION,
  COUNTER_MALFORMED,
} from "../../src/core/counters.ts";
import {
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../../src/core/effect-queue.ts";
import { Engine } from "../../src/core/engine.ts";
import {
  EVENT_COMMAND,
  EVENT_KEEP_ALIVE,
  EVENT_MOVE,
  EVENT_PROCESS,
  EVENT_STRANGER,
  EVENT_VIP_DOWN,
  EVENT_VIP_UP,
  EVENT_WITNESS,
} from "../../src/core/event-queue.ts";
import { FunctionTable, PROCESS_ON_ACTIVATE } from "../../src/core/function-table.ts";
import { StatusWriter } from "../../src/core/status.ts";
import { timingOf } from "../../src/core/timing.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import {
  CONTROL_DRAIN,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RESUME,
} from "../../src/wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import { STATUS_BYTES } from "../../src/wire/status-snapshot.ts";

const SERVERS = 4;
const FUNCTIONS = 64;
const PERIOD_US = 10_000;
const TURN_US = 100;
/** Turns in which a hand-over is over: claim, echo, release, take. */
const TURNS = 5;

/**
 * In every cycle one server is drained and resumed, another is cut off and comes back, and a
 * function is moved by hand.
 */
const CYCLE_PERIODS = 20;
const DRAIN_AT = 0;
const RESUME_AT = 3;
const CUT_AT = 6;
const JOIN_AT = 11;
const MOVE_AT = 16;
const NOBODY = -1;

interface Box {
  readonly engine: Engine;
  readonly seal: KeepAliveSeal;
  readonly status: StatusWriter;
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
  /** VIPs brought up and taken down since the start. */
  ups = 0;
  downs = 0;
  /** Moves asked for that were not refused. */
  moves = 0;
  /** The datagram that was sent last. */
  readonly datagram = new Uint8Array(new ArrayBuffer(KEEP_ALIVE_BYTES));

  private nowUs = 1_000_000;
  private periods = 0;
  private cutOff = NOBODY;
  private strangerAt = 0;
  private readonly view = new DataView(this.datagram.buffer);
  private readonly boxes: readonly Box[];

  constructor(policy: Policy = PREEMPT) {
    const table = aircraft();
    this.boxes = Array.from({ length: SERVERS }, (_, self) => this.box(self, table, policy));
  }

  /**
   * One period in which nothing happens, but for what the last one left, and a host that takes one
   * VIP after the other for its own.
   */
  quietPeriod(): void {
    this.nowUs += PERIOD_US;
    this.strangerAt = (this.strangerAt + 1) % FUNCTIONS;
    for (let server = 0; server < SERVERS; server++) {
      this.boxes[server].engine.events.push(EVENT_STRANGER, this.strangerAt, 0x0266, -1);
    }
    for (let turn = 0; turn < TURNS; turn++) {
      for (let server = 0; server < SERVERS; server++)
        this.turn(server, this.nowUs + turn * TURN_US);
    }
  }

  /** The same, with one step of a cycle of take-overs and hand-overs. */
  busyPeriod(): void {
    const cycle = Math.floor(this.periods / CYCLE_PERIODS);
    const at = this.periods % CYCLE_PERIODS;
    const drained = cycle % SERVERS;
    if (at === DRAIN_AT) this.boxes[drained].engine.events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
    else if (at === RESUME_AT)
      this.boxes[drained].engine.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
    else if (at === CUT_AT) this.cutOff = (cycle + 1) % SERVERS;
    else if (at === JOIN_AT) this.cutOff = NOBODY;
    else if (at === MOVE_AT) this.moveOne(drained);
    this.periods++;
    this.quietPeriod();
  }

  /** Somebody at a server asks for its first function that can be moved to have another owner. */
  private moveOne(asked: number): void {
    const { events, moves } = this.boxes[asked].engine;
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
    for (const { engine } of this.boxes) sum += engine.counters[COUNTER_ACCEPTED];
    return sum;
  }

  /** Sightings of the host counted by all engines: each by the one that has the VIP up. */
  sightings(): number {
    let sum = 0;
    for (const { engine } of this.boxes) sum += engine.strangers.sightings;
    return sum;
  }

  /** All engines hold the same assignment, and every function is up on one server. */
  isSettled(): boolean {
    const digests = new Set(this.boxes.map(({ engine }) => engine.agreement.digest));
    return digests.size === 1 && this.ups - this.downs === FUNCTIONS;
  }

  private box(self: number, table: FunctionTable, policy: Policy): Box {
    const identity = {
      self,
      systemId: 42,
      digestHigh: 7,
      digestLow: 7,
      incarnation: 100 + self,
      nonce: 0,
    };
    const engine = new Engine(
      table,
      policy,
      identity,
      timingOf(PERIOD_US / 1000, 3, 3, 0),
      1_000_000,
      this.nowUs,
      1,
    );
    const status = new StatusWriter(
      new DataView(new ArrayBuffer(STATUS_BYTES)),
      table,
      engine,
      identity,
      0,
    );
    status.begin(1, this.nowUs, new Uint8Array(32));
    return { engine, seal: new KeepAliveSeal(new Uint8Array(32).fill(5)), status };
  }

  private turn(server: number, nowUs: number): void {
    const { engine, status } = this.boxes[server];
    if (nowUs >= engine.nextSendUs) {
      engine.beginPeriod(nowUs);
      this.send(server);
      status.write(nowUs);
    }
    engine.step(nowUs);
    if (engine.sendRequested) this.send(server);
    this.carryOut(engine);
  }

  private send(server: number): void {
    const { engine, seal } = this.boxes[server];
    engine.compose();
    encodeKeepAlive(engine.outgoing, this.view);
    seal.seal(this.datagram);
    if (server === this.cutOff) return;
    for (let other = 0; other < SERVERS; other++) {
      if (other !== server && other !== this.cutOff) this.receive(this.boxes[other]);
    }
  }

  private receive({ engine, seal }: Box): void {
    const { events, counters } = engine;
    if (!seal.verify(this.datagram)) counters[COUNTER_AUTHENTICATION]++;
    else if (!decodeKeepAlive(this.view, KEEP_ALIVE_BYTES, events.message(events.count)))
      counters[COUNTER_MALFORMED]++;
    else events.push(EVENT_KEEP_ALIVE, 0, 0);
  }

  private carryOut({ effects, events }: Engine): void {
    while (!events.isFull() && effects.take()) {
      const { kind, index } = effects;
      if (kind === EFFECT_VIP_ADD) {
        this.ups++;
        events.push(EVENT_VIP_UP, index, 0);
      } else if (kind === EFFECT_VIP_REMOVE) {
        this.downs++;
        events.push(EVENT_VIP_DOWN, index, 0);
      } else if (kind === EFFECT_PROBE) events.push(EVENT_WITNESS, index, 0);
      else if (kind === EFFECT_PROCESS_START)
        events.push(EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
      else if (kind === EFFECT_PROCESS_STOP)
        events.push(EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
    }
  }
}
