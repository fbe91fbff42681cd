/**
 * Several real engines with the real wire format in virtual time: a network with a delay and cuts, and models of the
 * kernel's addresses and of the functions' processes. After every turn P1 is checked: among hosts that can talk to each
 * other no VIP is up twice. Everything is a function of the calls made here; there is no clock and no chance.
 */
import type { AllocationPolicy } from "../../src/core/allocation.ts";
import {
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
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
  EVENT_VIP_UP,
} from "../../src/core/event-queue.ts";
import { type FunctionTable, NONE } from "../../src/core/function-table.ts";
import { timingOf } from "../../src/core/timing.ts";
import { CONTROL_PROCESS_RUNNING, CONTROL_PROCESS_STOPPED } from "../../src/wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../../src/wire/keep-alive.ts";
import { PHASE_ACTIVE, SERVER_ALIVE } from "../../src/wire/status-snapshot.ts";

export interface ClusterOptions {
  table: FunctionTable;
  policy: AllocationPolicy;
  periodMs?: number;
  lostAfterPeriods?: number;
  recoveredAfterPeriods?: number;
  /** How long a function's process needs to start, and to stop after SIGTERM. */
  processStartMs?: number;
  processStopMs?: number;
  networkDelayUs?: number;
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
}

export class Host {
  engine: Engine | null = null;
  pending: Pending[] = [];
  /** Functions whose VIPs are up in this host's kernel. */
  readonly vips = new Set<number>();
  hasLeft = false;
}

export class Cluster {
  nowUs = 1_000_000;
  readonly hosts: Host[];
  readonly notices: NoticeSeen[] = [];
  readonly log: string[] = [];
  /** Greatest load that was ever up or ending on a server, for the capacity check. */
  private incarnation = 1;
  private readonly cuts = new Set<string>();
  /** Called for every datagram: false drops it. */
  filter: (from: number, to: number, datagram: DataView) => boolean = () => true;

  constructor(private readonly options: ClusterOptions) {
    this.hosts = Array.from({ length: options.table.serverCount }, () => new Host());
  }

  /** Power on: a new engine with a new incarnation. */
  start(server: number, digest = 7): void {
    const { table, policy } = this.options;
    const host = this.host(server);
    host.vips.clear();
    host.pending = [];
    host.hasLeft = false;
    const timing = timingOf(
      this.options.periodMs ?? 10,
      this.options.lostAfterPeriods ?? 3,
      this.options.recoveredAfterPeriods ?? 10,
      Math.max(0, ...table.stopGraceUs) / 1000,
    );
    const identity = {
      self: server,
      systemId: 42,
      digestHigh: digest,
      digestLow: digest,
      incarnation: this.incarnation++,
    };
    host.engine = new Engine(table, policy, identity, timing, 1_000_000, this.nowUs);
  }

  startAll(): void {
    for (let server = 0; server < this.hosts.length; server++) this.start(server);
  }

  /** Power off: everything on the host is gone at once. */
  crash(server: number): void {
    const host = this.host(server);
    host.engine = null;
    host.vips.clear();
    host.pending = [];
  }

  command(server: number, command: number): void {
    this.host(server).pending.push({ atUs: this.nowUs, kind: EVENT_COMMAND, index: 0, first: command, datagram: null });
  }

  carrier(server: number, present: boolean): void {
    const first = present ? 1 : 0;
    this.host(server).pending.push({ atUs: this.nowUs, kind: EVENT_CARRIER, index: 0, first, datagram: null });
    for (let other = 0; other < this.hosts.length; other++) {
      if (other !== server) this.cut(server, other, !present);
    }
  }

  process(server: number, index: number, kind: number): void {
    this.host(server).pending.push({ atUs: this.nowUs, kind: EVENT_PROCESS, index, first: kind, datagram: null });
  }

  /** Cuts or joins both directions between two hosts. */
  cut(one: number, other: number, isCut: boolean): void {
    for (const key of [`${one}>${other}`, `${other}>${one}`]) {
      if (isCut) this.cuts.add(key);
      else this.cuts.delete(key);
    }
  }

  /** Runs for `ms` of virtual time. */
  run(ms: number): void {
    const endUs = this.nowUs + ms * 1000;
    for (;;) {
      const nextUs = this.nextUs();
      if (nextUs > endUs) break;
      this.nowUs = Math.max(this.nowUs, nextUs);
      for (let server = 0; server < this.hosts.length; server++) this.turn(server);
      this.checkOneAnswer();
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
        running.every((other) => server === other || this.engine(server).membership.state[other] === SERVER_ALIVE),
      )
    );
  }

  private nextUs(): number {
    let nextUs = Number.POSITIVE_INFINITY;
    for (const host of this.hosts) {
      if (host.engine === null) continue;
      nextUs = Math.min(nextUs, host.engine.wakeUs, host.engine.nextSendUs);
      for (const event of host.pending) nextUs = Math.min(nextUs, event.atUs);
    }
    return nextUs;
  }

  /** One turn of a flight loop: what the shell in io/loop does with sockets. */
  private turn(server: number): void {
    const host = this.host(server);
    const { engine } = host;
    if (engine === null || host.hasLeft) return;
    if (this.nowUs >= engine.nextSendUs) {
      engine.beginPeriod(this.nowUs);
      this.send(server, engine);
    }
    const due = host.pending.filter((event) => event.atUs <= this.nowUs);
    host.pending = host.pending.filter((event) => event.atUs > this.nowUs);
    for (const event of due) {
      if (event.datagram !== null) {
        if (!decodeKeepAlive(event.datagram, KEEP_ALIVE_BYTES, engine.events.message(engine.events.count))) continue;
      }
      if (!engine.events.push(event.kind, event.index, event.first)) host.pending.push(event);
    }
    engine.step(this.nowUs);
    if (engine.sendRequested) this.send(server, engine);
    this.carryOut(server, host, engine);
  }

  private send(server: number, engine: Engine): void {
    engine.compose();
    const delayUs = this.options.networkDelayUs ?? 100;
    this.hosts.forEach((host, other) => {
      if (other === server || host.engine === null || this.cuts.has(`${server}>${other}`)) return;
      const datagram = new DataView(new ArrayBuffer(KEEP_ALIVE_BYTES));
      encodeKeepAlive(engine.outgoing, datagram);
      if (!this.filter(server, other, datagram)) return;
      host.pending.push({ atUs: this.nowUs + delayUs, kind: EVENT_KEEP_ALIVE, index: 0, first: 0, datagram });
    });
  }

  private carryOut(server: number, host: Host, engine: Engine): void {
    const { effects } = engine;
    while (effects.take()) {
      const { kind, index, first, second } = effects;
      if (kind === EFFECT_VIP_ADD) {
        host.vips.add(index);
        this.later(host, 50, EVENT_VIP_UP, index, 0);
      } else if (kind === EFFECT_VIP_REMOVE) {
        host.vips.delete(index);
        this.later(host, 50, EVENT_VIP_DOWN, index, 0);
      } else if (kind === EFFECT_PROCESS_START) {
        this.later(host, (this.options.processStartMs ?? 20) * 1000, EVENT_PROCESS, index, CONTROL_PROCESS_RUNNING);
      } else if (kind === EFFECT_PROCESS_STOP) {
        this.later(host, (this.options.processStopMs ?? 5) * 1000, EVENT_PROCESS, index, CONTROL_PROCESS_STOPPED);
      } else if (kind === EFFECT_NOTICE) {
        this.notices.push({ atUs: this.nowUs, server, index, event: first, reason: second });
      } else if (kind === EFFECT_LOG) {
        this.log.push(`${this.nowUs} ${server} ${index} ${first} ${second}`);
      } else if (kind === EFFECT_LEFT) {
        host.hasLeft = true;
        host.engine = null;
        return;
      }
    }
  }

  private later(host: Host, delayUs: number, kind: number, index: number, first: number): void {
    host.pending.push({ atUs: this.nowUs + delayUs, kind, index, first, datagram: null });
  }

  private checkOneAnswer(): void {
    for (let index = 0; index < this.options.table.functionCount; index++) {
      const owners = this.hosts.flatMap((host, server) => (host.vips.has(index) ? [server] : []));
      for (const one of owners) {
        for (const other of owners) {
          if (one < other && !this.cuts.has(`${one}>${other}`)) {
            throw new Error(`P1: function ${index} is up on servers ${one} and ${other} at ${this.nowUs} µs`);
          }
        }
      }
    }
  }
}
