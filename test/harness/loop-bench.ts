/**
 * A flight loop on a bench: the clock, its poller and its sockets towards supervisor and commands
 * are real; every other part is a stand-in that records its calls and returns what the test has
 * prepared.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { FunctionTable, PROCESS_NONE } from "../../src/allocation/function-table.ts";
import { PREEMPT } from "../../src/allocation/preempt.ts";
import { timingOf } from "../../src/boundary/timing.ts";
import { Engine } from "../../src/core/engine.ts";
import { RecordSocket, socketPair } from "../../src/io/control-socket.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { FlightLoop, type FlightParts } from "../../src/io/loop.ts";
import { nowUs } from "../../src/io/monotonic-clock.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import {
  CONTROL_RECORD_BYTES,
  controlArgument,
  controlFunction,
  controlKind,
  encodeControl,
} from "../../src/wire/control.ts";
import { scratchDirectory } from "./run-mark.ts";

export const FUNCTIONS = 40;
/** 10 ms × 100: a loop that is late on a busy machine goes on. */
export const PERIOD_US = 10_000;
const TIMING = timingOf(10, 100, 3, 0, 985);

/** An event as the loop pushed it, or the end of a turn. */
export type Reported = readonly [kind: number, index: number, first: number, second: number];
export const TURN_ENDS: Reported = [0, 0, 0, 0];

/** A descriptor that a test makes readable. */
class Signal {
  private readonly far: RecordSocket;
  private readonly near: RecordSocket;
  private readonly byte = new NativeMemory(8);

  constructor() {
    [this.near, this.far] = socketPair().map(RecordSocket.inherited);
  }

  get fd(): number {
    return this.near.fd;
  }

  raise(): void {
    this.far.send(this.byte);
  }

  clear(): void {
    while (this.near.receive() > 0);
  }

  close(): void {
    this.near.close();
    this.far.close();
  }
}

/** A keep-alive network. */
class NetworkStandIn {
  readonly signal = new Signal();
  readonly fd = this.signal.fd;
  readonly received = new NativeMemory(2048);
  /** Datagrams that were sent. */
  readonly sent: Uint8Array<ArrayBuffer>[] = [];
  /** Datagrams that have arrived: how long each is. */
  readonly arrivals: number[] = [];
  sendError = 0;
  droppedCount = 0;

  constructor(
    private readonly bench: LoopBench,
    private readonly name: string,
  ) {}

  send(memory: NativeMemory): number {
    this.sent.push(memory.bytes.slice());
    return this.sendError;
  }

  receive(): number {
    return this.arrivals.shift() ?? -1;
  }

  dropped(): number {
    return this.droppedCount;
  }

  rejoin(): number {
    this.bench.write("rejoin", this.name);
    return 0;
  }

  refresh(): void {}
}

export class LoopBench {
  /** Calls of the stand-ins in their order, with their arguments. */
  readonly calls: string[] = [];
  /** Reports of the loop to the core, and the end of each turn. */
  readonly reported: Reported[] = [];
  readonly engine: Engine;
  readonly seal = new KeepAliveSeal(new Uint8Array(32).fill(7));
  readonly networks = [new NetworkStandIn(this, "one"), new NetworkStandIn(this, "other")];
  /** The supervisor's end of its socket. */
  readonly supervisor: RecordSocket;
  /** A client that sends a command. */
  readonly asker: RecordSocket;
  /** When the status was written. */
  readonly statusUs: number[] = [];
  /** Called once a period, with its number from 1 on. */
  onPeriod: (period: number) => void = () => {};

  // What the kernel would say of links: the client interface, and one for each network.
  readonly linkSignal = new Signal();
  readonly carriers = [true, true, true];
  readonly lost = new Uint8Array(3);
  readonly removed = new Uint8Array(FUNCTIONS);
  /** Functions whose VIPs are there again although they were removed. */
  readonly present = new Set<number>();
  overflowed = false;
  resynchronises = true;
  linkChanges = 0;
  /** Of the networks, as last given to the observer. */
  networkCarriers = 0;
  /** Carriers that changed without a report of the kernel. */
  unreportedCarriers = 0;
  mac = [0x0200, 1];
  private seenMac = this.mac;
  renewedCount = 0;
  renewUs = Number.POSITIVE_INFINITY;
  leaseError = 0;

  private readonly directory = scratchDirectory("loop");
  private readonly inner: RecordSocket;
  private readonly commands: RecordSocket;
  private readonly record = new NativeMemory(CONTROL_RECORD_BYTES);
  private period = 0;
  private isSupervisorOpen = true;
  private readonly hasLease: boolean;

  constructor(hasLease = true) {
    this.hasLease = hasLease;
    const row = { required: 1, priority: 5, servers: 3, process: PROCESS_NONE, stopGraceMs: 0 };
    const table = new FunctionTable([100, 100], Array<typeof row>(FUNCTIONS).fill(row));
    const identity = {
      self: 0,
      systemId: 1,
      digestHigh: 2,
      digestLow: 3,
      incarnation: 4,
      nonce: 5,
    };
    this.engine = new Engine(table, PREEMPT, identity, TIMING, 1_000_000, nowUs(), 1);
    const { events } = this.engine;
    const push = events.push.bind(events);
    events.push = (kind, index, first, second = 0) => {
      this.reported.push([kind, index, first, second]);
      return push(kind, index, first, second);
    };
    [this.supervisor, this.inner] = socketPair().map(RecordSocket.inherited);
    this.commands = RecordSocket.bound(join(this.directory, "control"));
    this.asker = RecordSocket.connected(join(this.directory, "control"));
  }

  write(name: string, ...values: unknown[]): void {
    this.calls.push(`${name}(${values.join(", ")})`);
  }

  /** Reports of these kinds, or all of them. */
  events(...kinds: number[]): Reported[] {
    return this.reported.filter(
      (event) => event !== TURN_ENDS && (kinds.length === 0 || kinds.includes(event[0])),
    );
  }

  /** How many events of this kind each turn brought, of the turns that brought any. */
  perTurn(kind: number): number[] {
    const counts = [0];
    for (const event of this.reported) {
      if (event === TURN_ENDS) counts.push(0);
      else if (event[0] === kind) counts[counts.length - 1]++;
    }
    return counts.filter((count) => count > 0);
  }

  /** The calls whose names begin so. */
  called(...names: string[]): string[] {
    return this.calls.filter((call) => names.some((name) => call.startsWith(name)));
  }

  /**
   * Flies until the flight ends by itself, or through its supervisor after this number of periods.
   */
  fly(periods: number): number {
    return this.loop(periods).run();
  }

  loop(periods = Number.POSITIVE_INFINITY): FlightLoop {
    const parts = this.parts(periods);
    return new FlightLoop(parts as unknown as FlightParts);
  }

  /** A record from the supervisor. */
  say(kind: number, index = 0, argument = 0): void {
    encodeControl(this.record.view, kind, index, argument, 0, 0);
    this.supervisor.send(this.record);
  }

  /** A command asks for something. */
  ask(kind: number): void {
    encodeControl(this.record.view, kind, 0, 0, 0, 0);
    this.asker.send(this.record);
  }

  /** Records received at one end since the last read: kind, function and arguments of each. */
  heard(end: RecordSocket): number[][] {
    const records: number[][] = [];
    while (end.receive() === CONTROL_RECORD_BYTES) {
      const { view } = end.received;
      const values = [0, 1, 2].map((place) => controlArgument(view, place));
      records.push([controlKind(view), controlFunction(view), ...values]);
    }
    return records;
  }

  endSupervisor(): void {
    if (this.isSupervisorOpen) this.supervisor.close();
    this.isSupervisorOpen = false;
  }

  close(): void {
    this.endSupervisor();
    for (const socket of [this.inner, this.commands, this.asker]) socket.close();
    for (const signal of [this.linkSignal, ...this.networks.map(({ signal }) => signal)])
      signal.close();
    rmSync(this.directory, { recursive: true });
  }

  private parts(periods: number) {
    const bench = this;
    const write =
      (name: string) =>
      (...values: unknown[]) =>
        this.write(name, ...values);
    const leaseCall =
      (name: string) =>
      (...values: unknown[]) => {
        this.write(name, ...values);
        return this.leaseError;
      };
    return {
      engine: this.engine,
      timing: TIMING,
      functionCount: FUNCTIONS,
      networks: this.networks,
      networkPlaces: [1, 2],
      observer: {
        beginPeriod: (_: number, carriers: number) => {
          this.networkCarriers = carriers;
        },
        noteDatagram: () => {},
        noteWrongPort: () => {},
        isRefused: () => false,
      },
      seal: this.seal,
      vips: {
        hasRoom: (kind: number, index: number) => {
          this.write("vips.hasRoom", kind, index);
          return kind < index;
        },
        add: write("vips.add"),
        remove: write("vips.remove"),
        announce: write("vips.announce"),
        commit: () => this.reported.push(TURN_ENDS),
        renew: (timeUs: number) => {
          this.write("vips.renew", timeUs);
          return this.renewedCount;
        },
        removeAll: write("vips.removeAll"),
        restore: write("vips.restore"),
        lookAfter: () => {},
        get renewUs() {
          return bench.renewUs;
        },
      },
      lease: this.hasLease
        ? {
            heldUpMs: 0,
            look: () => {},
            begin: leaseCall("lease.begin"),
            renew: leaseCall("lease.renew"),
            lapse: leaseCall("lease.lapse"),
            remove: leaseCall("lease.remove"),
          }
        : null,
      decisions: { look: () => {}, update: () => {} },
      links: {
        fd: this.linkSignal.fd,
        count: this.carriers.length,
        lost: this.lost,
        removed: this.removed,
        foreign: { report: () => {} },
        get overflowed() {
          return bench.overflowed;
        },
        carrier: (place: number) => this.carriers[place],
        lookAtCarriers: () => {
          const changes = this.unreportedCarriers;
          this.unreportedCarriers = 0;
          return changes;
        },
        present: (index: number) => this.present.has(index),
        poll: () => {
          this.write("links.poll");
          this.linkSignal.clear();
          const changes = this.linkChanges;
          this.linkChanges = 0;
          return changes;
        },
        resynchronise: () => {
          this.write("links.resynchronise");
          if (this.resynchronises) this.overflowed = false;
          return this.resynchronises ? 0 : 1;
        },
      },
      neighbours: {
        get macHigh() {
          return bench.seenMac[0];
        },
        get macLow() {
          return bench.seenMac[1];
        },
        refresh: () => {
          this.seenMac = this.mac;
        },
        receive: () => this.write("neighbours.receive"),
        ask: write("neighbours.ask"),
      },
      notices: { send: write("notices.send"), rejoin: () => 0 },
      supervisor: this.inner,
      commands: this.commands,
      status: {
        write: (timeUs: number) => {
          this.statusUs.push(timeUs);
          this.period++;
          this.onPeriod(this.period);
          if (this.period >= periods) this.endSupervisor();
        },
      },
      conditions: { update: () => {} },
      faults: { observe: () => {}, tell: () => {} },
      lifeSigns: { give: write("lifeSigns.give"), disarm: write("lifeSigns.disarm") },
    };
  }
}
