/**
 * Observes the keep-alive networks beside the core's decisions: which server is heard on which
 * network, whose keep-alives are refused and why, and who was never heard. It also decides when to
 * report the group to switches. It is informed of each datagram as it is read, and reports once per
 * period.
 */
import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import type { Identity } from "../boundary/identity.ts";
import {
  LOG_GROUP_FORGOTTEN,
  LOG_NETWORK_HEARD,
  LOG_NETWORK_SILENT,
  LOG_REFUSED_GONE,
  LOG_REFUSED_KEY,
  LOG_SERVER_NEVER_HEARD,
} from "../boundary/maintenance-code.ts";
import { SERVER_UNKNOWN } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import type { Engine } from "../core/engine.ts";
import { INTERFACE_POLL_MS, NETWORK_RECORDS_PER_PERIOD_MAX, NEVER_HEARD_MS } from "../limits.ts";
import { NETWORK_SILENT, NETWORK_UNCHANGED, NetworkWatch } from "../upkeep/network-watch.ts";
import {
  NAMED,
  REFUSED_KEY,
  REFUSED_PORT,
  REFUSED_SERVER,
  REFUSED_SYSTEM,
  RefusedSenders,
  SENDER_UNCHANGED,
} from "../upkeep/refused-senders.ts";
import {
  FLAG_RELAYED,
  saidFlags,
  saidIncarnation,
  saidSender,
  saidSystem,
} from "../wire/keep-alive.ts";
import type { NativeMemory } from "./native-memory.ts";

/** A keep-alive network as the flight loop uses it: see KeepAliveSocket. */
export interface KeepAliveNetwork {
  readonly fd: number;
  readonly received: { readonly view: DataView; readonly bytes: Uint8Array };
  readonly senderHigh: number;
  readonly senderLow: number;
  send(datagram: NativeMemory): number;
  receive(): number;
  dropped(): number;
  rejoin(): number;
  refresh(): void;
  reportGroup(): number;
}

export class NetworkObserver {
  private readonly watch: NetworkWatch;
  private readonly refused: RefusedSenders;
  /** 1 for each server that was heard, or is already reported as never heard. */
  private readonly settled: Uint8Array;
  /** Begin of this period. */
  private nowUs = 0;
  private sinceUs = -1;
  private lookedUs = 0;
  private records = 0;
  /** Mask of the networks whose interface had a link at the begin of this period. */
  carriers = 0;

  constructor(
    private readonly engine: Engine,
    private readonly networks: readonly KeepAliveNetwork[],
    private readonly identity: Identity,
    private readonly serverCount: number,
    timing: Timing,
  ) {
    const { periodUs, detectionUs } = timing;
    this.watch = new NetworkWatch(networks.length, serverCount, periodUs, detectionUs);
    this.refused = new RefusedSenders(periodUs);
    this.settled = new Uint8Array(serverCount);
    this.settled[identity.self] = 1;
  }

  get count(): number {
    return this.networks.length;
  }

  /** Notes a datagram of the right length. */
  noteDatagram(network: number, isSealed: boolean): void {
    const { view } = (this.networks[network] as KeepAliveNetwork).received;
    if (!isSealed) this.refuse(network, REFUSED_KEY);
    else if (saidSystem(view) !== this.identity.systemId) this.refuse(network, REFUSED_SYSTEM);
    else if (saidSender(view) >= this.serverCount) this.refuse(network, REFUSED_SERVER);
    else this.noteHeard(network, view);
  }

  /** Notes a datagram that was sent to another port. */
  noteWrongPort(network: number): void {
    this.refuse(network, REFUSED_PORT);
  }

  private refuse(network: number, reason: number): void {
    const { senderHigh, senderLow } = this.networks[network] as KeepAliveNetwork;
    this.refused.note(reason, network, senderHigh, senderLow, this.nowUs);
  }

  /** Relayed messages, and those of an ended incarnation, say nothing about a network. */
  private noteHeard(network: number, view: DataView): void {
    const server = saidSender(view);
    if ((saidFlags(view) & FLAG_RELAYED) !== 0) return;
    if (saidIncarnation(view) !== this.engine.membership.incarnation[server]) return;
    if (server !== this.identity.self) this.watch.noteHeard(network, server, this.nowUs);
  }

  /**
   * Whether the host with this Ethernet address sends refused keep-alives: then it is no stranger.
   */
  isRefused(macHigh: number, macLow: number): boolean {
    return this.refused.has(macHigh, macLow);
  }

  /** Mask of the servers that are currently heard on the network. */
  heardMask(network: number): number {
    return this.watch.heardMask(network, this.nowUs);
  }

  /**
   * Once per period. The number of records is bounded; the rest follows in the next period.
   * @param carriers mask of the networks whose interface has a link
   */
  beginPeriod(nowUs: number, carriers: number, events: EventQueue): void {
    this.nowUs = nowUs;
    this.carriers = carriers;
    this.records = 0;
    this.watch.begin(nowUs);
    if (this.sinceUs < 0 || carriers === 0) this.sinceUs = nowUs;
    this.judgeServers(carriers, events);
    this.judgeRefused(events);
    this.reportGroups(events);
    if (nowUs - this.lookedUs < INTERFACE_POLL_MS * 1000) return;
    this.lookedUs = nowUs;
    for (let network = 0; network < this.networks.length; network++)
      (this.networks[network] as KeepAliveNetwork).refresh();
  }

  private judgeServers(carriers: number, events: EventQueue): void {
    const { engine, watch, nowUs } = this;
    for (let server = 0; server < this.serverCount; server++) {
      if (server === this.identity.self) continue;
      const isAlive = engine.membership.isHeard(server);
      this.judgeNeverHeard(server, events);
      for (let network = 0; network < this.networks.length; network++) {
        if (this.records >= NETWORK_RECORDS_PER_PERIOD_MAX) return;
        const carrier = (carriers & (1 << network)) !== 0;
        const news = watch.judge(network, server, isAlive, carrier, nowUs);
        if (news === NETWORK_UNCHANGED) continue;
        const code = news === NETWORK_SILENT ? LOG_NETWORK_SILENT : LOG_NETWORK_HEARD;
        this.record(code, server, network, events);
      }
    }
  }

  private judgeNeverHeard(server: number, events: EventQueue): void {
    if (this.settled[server] === 1) return;
    const isUnknown = this.engine.membership.state[server] === SERVER_UNKNOWN;
    if (isUnknown && this.nowUs - this.sinceUs < NEVER_HEARD_MS * 1000) return;
    this.settled[server] = 1;
    if (isUnknown) this.record(LOG_SERVER_NEVER_HEARD, server, 0, events);
  }

  private judgeRefused(events: EventQueue): void {
    const { refused } = this;
    for (let row = 0; row < refused.rows; row++) {
      if (this.records >= NETWORK_RECORDS_PER_PERIOD_MAX) return;
      const news = refused.judge(row, this.nowUs);
      if (news === SENDER_UNCHANGED) continue;
      const code = news === NAMED ? LOG_REFUSED_KEY + refused.reason[row] : LOG_REFUSED_GONE;
      const first = (refused.macHigh[row] << 16) | refused.network[row];
      this.record(code, first, refused.macLow[row] | 0, events);
    }
  }

  private reportGroups(events: EventQueue): void {
    const { watch, nowUs } = this;
    for (let network = 0; network < this.networks.length; network++) {
      if (watch.wantsReport(network, nowUs))
        (this.networks[network] as KeepAliveNetwork).reportGroup();
      if (watch.takeForgotten(network, nowUs)) this.record(LOG_GROUP_FORGOTTEN, network, 0, events);
    }
  }

  private record(code: number, first: number, second: number, events: EventQueue): void {
    events.push(EVENT_RECORD, code, first, second);
    this.records++;
  }
}
