/**
 * Several real engines with the real wire format in virtual time: networks with delays, cuts and
 * losses, and models of the kernel's addresses and of the functions' processes. After every turn P1
 * is checked, that no VIP is up on two hosts that can talk to each other, and that no host carries
 * more than its resource. There is no clock and no chance.
 */
import type { Policy } from "../../src/core/allocation.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
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
  EVENT_MOVE,
  EVENT_PROCESS,
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_REMOVED,
  EVENT_VIP_UP,
} from "../../src/core/event-queue.ts";
import { type FunctionTable, NONE, PROCESS_ALWAYS } from "../../src/core/function-table.ts";
import { PHASE_ACTIVE } from "../../src/core/phase.ts";
import { SERVER_ALIVE } from "../../src/core/server-state.ts";
import { type Timing, timingOf } from "../../src/core/timing.ts";
import { VIP_BATCH_MAX } from "../../src/limits.ts";
import { NOTICE_STOPPING } from "../../src/wire/client-notice.ts";
import { CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_STOPPED } from "../../src/wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";

export interface ClusterOptions {
  table: FunctionTable;
  policy: Policy;
  periodMs?: number;
  lostAfterPeriods?: number;
  recoveredAfterPeriods?: number;
  /** How long a function's process needs to start, and to stop after SIGTERM. */
  processStartMs?: number;
  processStopMs?: number;
  networkDelayUs?: number;
  /** Functions whose VIPs one turn moves at most, and how long such a turn keeps the loop busy. */
  vipsPerTurn?: number;
  batchUs?: number;
  /** Keep-alive networks, 1 or 2. */
  networks?: number;
}

interface Pending {
  atUs: number;
  kind: number;
  index: number;
  first: number;
  datagram: DataView | null;
}

export interface NoticeSeen {
  atUs: number;
  server: number;
  index: number;
  event: number;
  reason: number;
  /** The function's address was up on that server when its clients were told. */
  wasUp: boolean;
}

/** A maintenance event: its code and two values. */
export interface LogSeen {
  atUs: number;
  server: number;
  code: number;
  first: number;
  second: number;
}

/**
 * One box. Its place among the hosts is that of its server in the configuration, but for twins (see
 * `addTwin`).
 */
export class Host {
  engine: Engine | null = null;
  pending: Pending[] = [];
  /** Functions whose VIPs are up in this host's kernel. */
  readonly vips = new Set<number>();
  /** Functions whose process runs or is still ending. */
  readonly processes = new Set<number>();
  /** Functions whose VIPs this host's kernel refuses, with the errno. */
  readonly refusedVips = new Map<number, number>();
  announcements = 0;
  /** The client interface has a link. */
  carrier = true;
  hasLeft = false;
  /** Until when a batch of VIPs keeps the loop from its next turn. */
  busyUntilUs = 0;

  constructor(readonly server: number) {}
}

/**
 * How long a joined network may show what happened while it was divided: one period, the exchange
 * of proofs, the removal.
 */
const HEALING_PERIODS = 3;
const VIP_DELAY_US = 50;
const OTHER_EFFECTS_PER_TURN = 16;

export class Cluster {
  nowUs = 1_000_000;
  readonly hosts: Host[];
  readonly notices: NoticeSeen[] = [];
  readonly log: LogSeen[] = [];
  readonly timing: Timing;
  /** Called for every datagram: false drops it. */
  filter: (from: number, to: number, network: number, datagram: DataView) => boolean = () => true;
  /** How long a datagram is under way; different delays let them overtake each other. */
  delayUs: (from: number, to: number, network: number) => number;

  private incarnation = 1;
  private readonly networks: number;
  /** `from>to/network` of every direction that is cut. */
  private nonce = 1;
  private readonly cuts = new Set<string>();
  /** Until when two hosts are left out of P1, by `lower-higher`. */
  private readonly healingUntilUs = new Map<string, number>();

  constructor(private readonly options: ClusterOptions) {
    this.hosts = Array.from({ length: options.table.serverCount }, (_, server) => new Host(server));
    this.networks = options.networks ?? 1;
    const delayUs = options.networkDelayUs ?? 100;
    this.delayUs = () => delayUs;
    this.timing = timingOf(
      options.periodMs ?? 10,
      options.lostAfterPeriods ?? 3,
      options.recoveredAfterPeriods ?? 10,
      Math.max(0, ...options.table.stopGraceUs) / 1000,
    );
  }

  /** Power on: a new engine with a new incarnation. */
  start(server: number, digest = 7): void {
    const { table, policy } = this.options;
    const host = this.host(server);
    this.crash(server);
    host.hasLeft = false;
    const identity = {
      self: host.server,
      systemId: 42,
      digestHigh: digest,
      digestLow: digest,
      nonce: this.nonce++,
      incarnation: this.incarnation++,
    };
    host.engine = new Engine(table, policy, identity, this.timing, 1_000_000, this.nowUs);
    if (!host.carrier) this.later(host, 0, EVENT_CARRIER, 0, 0);
  }

  startAll(): void {
    for (let server = 0; server < this.hosts.length; server++) this.start(server);
  }

  /** Another box that is configured as `server`. @returns its place among the hosts */
  addTwin(server: number): number {
    return this.hosts.push(new Host(server)) - 1;
  }

  /** Power off: everything on the host is gone at once. */
  crash(server: number): void {
    const host = this.host(server);
    host.engine = null;
    host.vips.clear();
    host.processes.clear();
    host.pending = [];
  }

  command(server: number, command: number): void {
    this.later(this.host(server), 0, EVENT_COMMAND, 0, command);
  }

  /** Somebody asks a server for a move. @returns 0, or MOVE_REFUSED_* */
  move(asked: number, index: number, server: number): number {
    const refusal = this.engine(asked).moves.refusal(index, server);
    if (refusal === 0) this.later(this.host(asked), 0, EVENT_MOVE, index, server);
    return refusal;
  }

  /** The link of a host's only cable. */
  carrier(server: number, present: boolean): void {
    this.host(server).carrier = present;
    this.later(this.host(server), 0, EVENT_CARRIER, 0, present ? 1 : 0);
    for (let other = 0; other < this.hosts.length; other++) {
      if (other !== server) this.cut(server, other, !present);
    }
  }

  /** What the supervisor reports about a process: CONTROL_PROCESS_*. */
  process(server: number, index: number, kind: number): void {
    if (kind !== CONTROL_PROCESS_RUNNING) this.host(server).processes.delete(index);
    this.later(this.host(server), 0, EVENT_PROCESS, index, kind);
  }

  /** Somebody deletes the function's addresses with a command of the operating system. */
  removeVip(server: number, index: number): void {
    if (this.host(server).vips.delete(index))
      this.later(this.host(server), 0, EVENT_VIP_REMOVED, index, 0);
  }

  /** Cuts or joins both directions between two hosts. */
  cut(one: number, other: number, isCut: boolean): void {
    this.cutOneWay(one, other, isCut);
    this.cutOneWay(other, one, isCut);
  }

  cutOneWay(from: number, to: number, isCut: boolean): void {
    for (let network = 0; network < this.networks; network++)
      this.cutNetwork(from, to, network, isCut);
  }

  cutNetwork(from: number, to: number, network: number, isCut: boolean): void {
    const wasConnected = this.isConnected(from, to);
    if (isCut) this.cuts.add(`${from}>${to}/${network}`);
    else this.cuts.delete(`${from}>${to}/${network}`);
    if (!wasConnected && this.isConnected(from, to)) {
      const untilUs = this.nowUs + HEALING_PERIODS * this.timing.periodUs;
      this.healingUntilUs.set(`${Math.min(from, to)}-${Math.max(from, to)}`, untilUs);
    }
  }

  /** Datagrams pass in both directions on at least one network. */
  isConnected(one: number, other: number): boolean {
    return this.passes(one, other) && this.passes(other, one);
  }

  private passes(from: number, to: number): boolean {
    for (let network = 0; network < this.networks; network++) {
      if (!this.cuts.has(`${from}>${to}/${network}`)) return true;
    }
    return false;
  }

  /** Runs for `ms` of virtual time. */
  run(ms: number): void {
    this.runUntil(this.nowUs + Math.round(ms * 1000));
  }

  runUntil(endUs: number): void {
    for (;;) {
      const nextUs = this.nextUs();
      if (nextUs > endUs) break;
      this.nowUs = Math.max(this.nowUs, nextUs);
      for (let server = 0; server < this.hosts.length; server++) this.turn(server);
      this.checkOneAnswer();
      this.checkCapacity();
    }
    this.nowUs = endUs;
  }

  /** Server on which each function's VIPs are up, NONE where on none. */
  owners(): number[] {
    return Array.from({ length: this.options.table.functionCount }, (_, index) => {
      const owner = this.hosts.findIndex((host) => host.vips.has(index));
      return owner === -1 ? NONE : owner;
    });
  }

  engine(server: number): Engine {
    const { engine } = this.host(server);
    if (engine === null) throw new Error(`server ${server} is not running`);
    return engine;
  }

  host(server: number): Host {
    const host = this.hosts[server];
    if (host === undefined) throw new Error(`no server ${server}`);
    return host;
  }

  /** All running servers are active, see each other and hold the same assignment (P5). */
  agrees(): boolean {
    const running = this.hosts.flatMap((host, server) => (host.engine === null ? [] : [server]));
    const digests = new Set(running.map((server) => this.engine(server).agreement.digest));
    return (
      digests.size === 1 &&
      running.every((server) => this.engine(server).phase === PHASE_ACTIVE) &&
      running.every((server) =>
        running.every(
          (other) =>
            server === other || this.engine(server).membership.state[other] === SERVER_ALIVE,
        ),
      )
    );
  }

  private nextUs(): number {
    let nextUs = Number.POSITIVE_INFINITY;
    for (const host of this.hosts) {
      if (host.engine === null) continue;
      let dueUs = Math.min(host.engine.wakeUs, host.engine.nextSendUs);
      if (host.engine.effects.count > 0) dueUs = this.nowUs;
      for (const event of host.pending) if (event.atUs < dueUs) dueUs = event.atUs;
      nextUs = Math.min(nextUs, Math.max(dueUs, host.busyUntilUs));
    }
    return nextUs;
  }

  /** One turn of a flight loop: what the shell in io/loop does with sockets. */
  private turn(server: number): void {
    const host = this.host(server);
    const { engine } = host;
    if (engine === null || host.hasLeft || this.nowUs < host.busyUntilUs) return;
    if (this.nowUs >= engine.nextSendUs) {
      engine.beginPeriod(this.nowUs);
      this.send(server, engine);
    }
    this.receive(host, engine);
    engine.step(this.nowUs);
    if (engine.sendRequested) this.send(server, engine);
    while (engine.composeRelay()) this.broadcast(server, engine);
    this.carryOut(server, host, engine);
  }

  private receive(host: Host, engine: Engine): void {
    if (!host.pending.some((event) => event.atUs <= this.nowUs)) return;
    const waiting = host.pending;
    host.pending = [];
    for (const event of waiting) {
      if (event.atUs > this.nowUs || engine.events.isFull()) {
        host.pending.push(event);
        continue;
      }
      if (event.datagram !== null) {
        const message = engine.events.message(engine.events.count);
        if (!decodeKeepAlive(event.datagram, KEEP_ALIVE_BYTES, message)) continue;
      }
      if (event.kind === EVENT_PROCESS && event.first === CONTROL_PROCESS_STOPPED)
        host.processes.delete(event.index);
      engine.events.push(event.kind, event.index, event.first);
    }
  }

  private send(server: number, engine: Engine): void {
    engine.compose();
    this.broadcast(server, engine);
  }

  private broadcast(server: number, engine: Engine): void {
    const datagram = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
    encodeKeepAlive(engine.sender.message, datagram);
    for (let network = 0; network < this.networks; network++) {
      this.hosts.forEach((host, other) => {
        if (
          other === server ||
          host.engine === null ||
          this.cuts.has(`${server}>${other}/${network}`)
        )
          return;
        if (!this.filter(server, other, network, datagram)) return;
        const atUs = this.nowUs + this.delayUs(server, other, network);
        host.pending.push({ atUs, kind: EVENT_KEEP_ALIVE, index: 0, first: network, datagram });
      });
    }
  }

  /** Gives host `server` a datagram that nobody of the cluster sent. */
  inject(server: number, datagram: DataView, network = 0): void {
    this.host(server).pending.push({
      atUs: this.nowUs,
      kind: EVENT_KEEP_ALIVE,
      index: 0,
      first: network,
      datagram,
    });
  }

  /**
   * The limits of the real loop: one batch of VIPs a turn, which takes time; of the rest a few in
   * any case.
   */
  private carryOut(server: number, host: Host, engine: Engine): void {
    const { effects } = engine;
    const vipsPerTurn = this.options.vipsPerTurn ?? VIP_BATCH_MAX;
    let moved = 0;
    while (effects.urgentCount > 0 && moved < vipsPerTurn) {
      effects.take();
      if (effects.kind === EFFECT_VIP_ADD || effects.kind === EFFECT_VIP_REMOVE) moved++;
      this.carryOutOne(server, host, engine);
    }
    if (moved > 0) host.busyUntilUs = this.nowUs + (this.options.batchUs ?? 0);
    const others = effects.urgentCount > 0 ? OTHER_EFFECTS_PER_TURN : effects.count;
    for (let other = 0; other < others && effects.takeOther(); other++)
      this.carryOutOne(server, host, engine);
  }

  private carryOutOne(server: number, host: Host, engine: Engine): void {
    const { kind, index, first, second } = engine.effects;
    if (kind === EFFECT_VIP_ADD) this.addVip(host, index);
    else if (kind === EFFECT_VIP_REMOVE) {
      host.vips.delete(index);
      this.later(host, VIP_DELAY_US, EVENT_VIP_DOWN, index, 0);
    } else if (kind === EFFECT_ANNOUNCE) host.announcements++;
    else if (kind === EFFECT_PROCESS_START) {
      host.processes.add(index);
      const startUs = (this.options.processStartMs ?? 20) * 1000;
      this.later(host, startUs, EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
    } else if (kind === EFFECT_PROCESS_STOP) {
      // A start that was under way is overtaken by the stop.
      host.pending = host.pending.filter(
        (event) => event.kind !== EVENT_PROCESS || event.index !== index,
      );
      const stopUs = (this.options.processStopMs ?? 5) * 1000;
      this.later(host, stopUs, EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
    } else if (kind === EFFECT_NOTICE_STOPPING || kind === EFFECT_NOTICE) {
      const isWarning = kind === EFFECT_NOTICE_STOPPING;
      const event = isWarning ? NOTICE_STOPPING : first;
      const reason = isWarning ? first : second;
      this.notices.push({
        atUs: this.nowUs,
        server,
        index,
        event,
        reason,
        wasUp: host.vips.has(index),
      });
    } else if (kind === EFFECT_LOG) {
      this.log.push({ atUs: this.nowUs, server, code: index, first, second });
    } else if (kind === EFFECT_LEFT) {
      host.hasLeft = true;
      host.engine = null;
    }
  }

  private addVip(host: Host, index: number): void {
    const errno = host.refusedVips.get(index);
    if (errno === undefined) {
      host.vips.add(index);
      this.later(host, VIP_DELAY_US, EVENT_VIP_UP, index, 0);
    } else this.later(host, VIP_DELAY_US, EVENT_VIP_FAILED, index, errno);
  }

  private later(host: Host, delayUs: number, kind: number, index: number, first: number): void {
    host.pending.push({ atUs: this.nowUs + delayUs, kind, index, first, datagram: null });
  }

  private checkOneAnswer(): void {
    for (let one = 0; one < this.hosts.length; one++) {
      for (const index of this.host(one).vips) {
        for (let other = one + 1; other < this.hosts.length; other++) {
          if (!this.host(other).vips.has(index) || !this.isConnected(one, other)) continue;
          if ((this.healingUntilUs.get(`${one}-${other}`) ?? 0) > this.nowUs) continue;
          throw new Error(
            `P1: function ${index} is up on servers ${one} and ${other} at ${this.nowUs} µs`,
          );
        }
      }
    }
  }

  /**
   * Functions whose VIPs are up or whose process is there count; processes that are kept running
   * anyway do not.
   */
  private checkCapacity(): void {
    const { table } = this.options;
    for (const { vips, processes, server } of this.hosts) {
      let load = 0;
      for (const index of vips) load += table.required[index];
      for (const index of processes) {
        if (!vips.has(index) && table.process[index] !== PROCESS_ALWAYS)
          load += table.required[index];
      }
      if (load > table.resource[server]) {
        throw new Error(
          `capacity: server ${server} carries ${load} of ${table.resource[server]} at ${this.nowUs} µs`,
        );
      }
    }
  }
}
