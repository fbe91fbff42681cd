/**
 * The flight loop on the aircraft: the shell of core/turn on real sockets, and the wait between two
 * turns. It carries out the core's orders and reports its observations; it decides nothing.
 */
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PHASE,
  EFFECT_PROBE,
  EFFECT_PROCESS_START,
  EFFECT_PROCESS_STOP,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
} from "../boundary/effect-queue.ts";
import {
  EVENT_CARRIER,
  EVENT_CLIENT_MAC,
  EVENT_COMMAND,
  EVENT_INPUTS,
  EVENT_PROCESS,
  EVENT_RECORD,
  type EventQueue,
} from "../boundary/event-queue.ts";
import {
  LOG_LEASE_HELD_UP,
  LOG_NETWORK_LOST,
  LOG_NETWORK_PRESENT,
} from "../boundary/maintenance-code.ts";
import type { Shell } from "../boundary/shell.ts";
import type { Timing } from "../boundary/timing.ts";
import type { Engine } from "../core/engine.ts";
import { ENDED_LEFT, GOES_ON, Turn } from "../core/turn.ts";
import { NETWORKS_MAX, RECORDS_PER_TURN_MAX } from "../limits.ts";
import type { ConditionReport } from "../reporting/condition-report.ts";
import type { DecisionReport } from "../reporting/decision-report.ts";
import type { FaultBoard } from "../reporting/fault-board.ts";
import type { StatusWriter } from "../reporting/status.ts";
import { NOTICE_STOPPING } from "../wire/client-notice.ts";
import {
  CONTROL_DRAIN,
  CONTROL_INPUTS,
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_PROCESS_FIT,
  CONTROL_PROCESS_RUNNING,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  controlArgument,
  controlFunction,
  controlKind,
  inputsHold,
  inputsWithheld,
  NO_INDEX,
} from "../wire/control.ts";
import { encodeKeepAlive, KEEP_ALIVE_BYTES, type KeepAliveMessage } from "../wire/keep-alive.ts";
import type { ClientNotices } from "./client-notices.ts";
import { CommandRequests } from "./command-requests.ts";
import type { RecordSocket } from "./control-socket.ts";
import type { FilterReports } from "./filter-reports.ts";
import type { FlightLease } from "./flight-lease.ts";
import type { KeepAliveSeal } from "./keep-alive-seal.ts";
import { WRONG_PORT } from "./keep-alive-socket.ts";
import type { LifeSigns } from "./life-signs.ts";
import type { LinkMonitor } from "./link-monitor.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import type { NeighbourWatch } from "./neighbour-watch.ts";
import type { KeepAliveNetwork, NetworkObserver } from "./network-observer.ts";
import { Poller } from "./poller.ts";
import { RemovedVips } from "./removed-vips.ts";
import type { RenewalProcess } from "./renewal-process.ts";
import { SupervisorRecords } from "./supervisor-records.ts";
import type { VipService } from "./vip-service.ts";

export interface FlightParts {
  readonly engine: Engine;
  readonly timing: Timing;
  readonly functionCount: number;
  readonly networks: readonly KeepAliveNetwork[];
  /** Place of each network's interface among the watched ones. */
  readonly networkPlaces: readonly number[];
  readonly observer: NetworkObserver;
  readonly seal: KeepAliveSeal;
  readonly vips: VipService;
  /** null when VIPs answer without a lease. */
  readonly lease: FlightLease | null;
  /** Findings of the process that maintains the VIP filter; absent without eBPF programs. */
  readonly filterReports?: FilterReports | null;
  /** Its answers wake the loop; absent where the loop renews lifetimes itself. */
  readonly renewals?: RenewalProcess | null;
  readonly links: LinkMonitor;
  readonly neighbours: NeighbourWatch;
  readonly notices: ClientNotices;
  readonly supervisor: RecordSocket;
  readonly commands: RecordSocket;
  readonly status: StatusWriter;
  readonly conditions: ConditionReport;
  readonly decisions: DecisionReport;
  readonly faults: FaultBoard;
  readonly lifeSigns: LifeSigns;
}

export class FlightLoop implements Shell {
  readonly networkCount: number;
  readonly hasLease: boolean;
  private readonly turn: Turn;
  private readonly poller = new Poller();
  private readonly datagram = new NativeMemory(KEEP_ALIVE_BYTES);
  private readonly supervisor: SupervisorRecords;
  private readonly commands: CommandRequests;
  private readonly linkSlot: number;
  private readonly supervisorSlot: number;
  private readonly commandSlot: number;
  private readonly renewalSlot: number;
  /** Last carrier of each watched interface, 1 or 0; the client interface is first. */
  private readonly carriers = new Uint8Array(1 + NETWORKS_MAX).fill(1);
  /** Last Ethernet address of the client interface. */
  private macHigh: number;
  private macLow: number;
  /** Whether arrivals on the networks wake the loop. */
  private networksWake = true;
  private readonly lease: FlightLease | null;
  /** Changes found while reading the reports of our own renewals; not yet processed. */
  private linkChanges = 0;
  /** Carriers are checked once per period. */
  private carriersDue = false;
  private readonly removedVips: RemovedVips;

  constructor(private readonly parts: FlightParts) {
    const { engine, networks, links, neighbours } = parts;
    this.removedVips = new RemovedVips(links, parts.functionCount);
    this.networkCount = networks.length;
    this.hasLease = parts.lease !== null;
    this.lease = parts.lease;
    this.turn = new Turn(engine, this, parts.timing);
    for (const network of networks) this.poller.add(network.fd); // slots equal places
    this.linkSlot = this.poller.add(links.fd);
    this.supervisorSlot = this.poller.add(parts.supervisor.fd);
    this.commandSlot = this.poller.add(parts.commands.fd);
    this.renewalSlot = parts.renewals ? this.poller.add(parts.renewals.fd) : -1;
    this.supervisor = new SupervisorRecords(parts.supervisor);
    this.commands = new CommandRequests(parts.commands, engine, this.supervisor, parts.faults);
    this.macHigh = neighbours.macHigh;
    this.macLow = neighbours.macLow;
    this.takeLinks(engine.events);
  }

  /**
   * Flies until the engine has left or stalled, or the supervisor is gone.
   * @returns ENDED_* of core/turn
   */
  run(): number {
    const { turn } = this;
    turn.begin();
    while (turn.ended === GOES_ON) {
      this.wait();
      turn.run();
      this.parts.decisions.look(nowUs());
    }
    if (turn.ended === ENDED_LEFT) {
      this.parts.filterReports?.end();
      this.lease?.remove();
      this.parts.lifeSigns.disarm();
    }
    return turn.ended;
  }

  /** Waits until something arrives or the turn is due. */
  private wait(): void {
    const { turn, networkCount } = this;
    const wake = turn.arrivalsWake;
    if (wake !== this.networksWake) {
      for (let network = 0; network < networkCount; network++) this.poller.watch(network, wake);
      this.networksWake = wake;
    }
    this.poller.wait(this.linkChanges > 0 ? 0 : turn.wakeUs(nowUs()));
  }

  nowUs(): number {
    return nowUs();
  }

  // ---- networks

  compose(message: KeepAliveMessage): void {
    const { engine, faults } = this.parts;
    if (message === engine.sender.message) faults.tell(message, nowUs());
    encodeKeepAlive(message, this.datagram.view);
    this.parts.seal.seal(this.datagram.bytes);
  }

  send(network: number): number {
    return this.socket(network).send(this.datagram);
  }

  receive(network: number): number {
    const length = this.socket(network).receive();
    if (length === WRONG_PORT) this.parts.observer.noteWrongPort(network);
    return length;
  }

  received(network: number): DataView {
    return this.socket(network).received.view;
  }

  isSealed(network: number): boolean {
    const { seal, observer } = this.parts;
    const isSealed = seal.verify(this.socket(network).received.bytes);
    observer.noteDatagram(network, isSealed);
    return isSealed;
  }

  dropped(): number {
    let dropped = 0;
    for (let network = 0; network < this.networkCount; network++) {
      dropped += this.socket(network).dropped();
    }
    return dropped;
  }

  private socket(network: number): KeepAliveNetwork {
    return this.parts.networks[network] as KeepAliveNetwork;
  }

  // ---- VIP lease

  beginLease(): void {
    this.lease?.begin();
  }

  renewLease(grantedUs: number, endUs: number): number {
    const { lease } = this;
    if (lease === null) return 0;
    const refused = lease.renew(grantedUs, endUs);
    if (lease.heldUpMs > 0) this.tell(LOG_LEASE_HELD_UP, lease.heldUpMs);
    return refused;
  }

  // ---- addresses, processes, clients

  hasRoom(kind: number, index: number, mayWait: boolean): boolean {
    return this.parts.vips.hasRoom(kind, index, mayWait);
  }

  get isHeldUp(): boolean {
    return this.parts.vips.isHeldUp;
  }

  carryOut(kind: number, index: number, first: number, second: number): void {
    const { vips, notices, neighbours } = this.parts;
    switch (kind) {
      case EFFECT_VIP_ADD:
        vips.add(index);
        break;
      case EFFECT_VIP_REMOVE:
        vips.remove(index);
        break;
      case EFFECT_ANNOUNCE:
        vips.announce(index);
        break;
      case EFFECT_PROCESS_START:
        this.supervisor.request(CONTROL_START_PROCESS, index, first);
        break;
      case EFFECT_PROCESS_STOP:
        this.supervisor.request(CONTROL_STOP_PROCESS, index, first);
        break;
      case EFFECT_NOTICE_STOPPING:
        notices.send(index, NOTICE_STOPPING, first);
        break;
      case EFFECT_NOTICE:
        notices.send(index, first, second);
        break;
      case EFFECT_LOG:
        this.supervisor.tell(CONTROL_LOG, NO_INDEX, index, first, second);
        break;
      case EFFECT_PHASE:
        this.supervisor.tell(CONTROL_PHASE, NO_INDEX, first, 0, 0);
        break;
      case EFFECT_PROBE:
        neighbours.ask(index);
        break;
      case EFFECT_LEFT:
        this.supervisor.tell(CONTROL_LEFT, NO_INDEX, 0, 0, 0);
        break;
    }
  }

  commit(events: EventQueue, moreFollow: boolean): void {
    this.parts.vips.commit(events, moreFollow);
  }

  get renewalDueUs(): number {
    return this.parts.vips.renewUs;
  }

  /**
   * The kernel reports each renewal to us; reading the report at once keeps it from waking the
   * loop.
   */
  renewAddresses(timeUs: number, isIdle: boolean): void {
    const { vips, links, renewals } = this.parts;
    const renewed = vips.renew(timeUs);
    if (renewals?.hasEnded) this.poller.remove(this.renewalSlot);
    if (renewed === 0 || !isIdle) return;
    this.linkChanges += links.poll() + (links.overflowed ? 1 : 0);
  }

  letGo(): void {
    this.lease?.lapse();
    this.parts.vips.removeAll();
  }

  tell(code: number, value: number): void {
    this.supervisor.tell(CONTROL_LOG, NO_INDEX, code, value, 0);
  }

  // ---- observation

  observeNeighbours(events: EventQueue): void {
    this.parts.neighbours.receive(events, this.parts.observer);
  }

  observeLinks(events: EventQueue): void {
    const { links } = this.parts;
    if (this.carriersDue) this.linkChanges += links.lookAtCarriers();
    this.carriersDue = false;
    if (this.linkChanges > 0 || this.poller.isReadable(this.linkSlot)) {
      const changes = links.poll() + this.linkChanges;
      this.linkChanges = 0;
      if (links.overflowed) links.resynchronise(); // a failure is retried at the next one
      if (changes > 0 || !links.overflowed) this.takeLinks(events);
      this.removedVips.wait = true;
    }
    const { removedVips } = this;
    if (removedVips.wait) removedVips.report(events, this.carriers[0] === 1, this.nowUs());
    links.foreign.report(events);
  }

  private takeLinks(events: EventQueue): void {
    const { links, vips, notices } = this.parts;
    this.takeMac(events);
    const carrierBefore = this.carriers[0];
    let cameBack = false;
    for (let place = 0; place < links.count; place++) {
      const carrier = links.carrier(place) ? 1 : 0;
      const hasChanged = carrier !== this.carriers[place];
      // The carrier was lost and restored between two looks: the kernel has dropped the same things
      // as for a longer loss.
      if (carrier === 1 && (hasChanged || links.lost[place] === 1)) cameBack = true;
      links.lost[place] = 0;
      if (!hasChanged) continue;
      this.carriers[place] = carrier;
      this.recordNetworks(events, place, carrier);
    }
    if (cameBack) {
      // The interface may have been replaced, and the kernel drops routes with the link.
      for (let network = 0; network < this.networkCount; network++) this.socket(network).rejoin();
      notices.rejoin();
      vips.restore();
    }
    if (this.carriers[0] !== carrierBefore) events.push(EVENT_CARRIER, 0, this.carriers[0]);
  }

  private takeMac(events: EventQueue): void {
    const { neighbours } = this.parts;
    neighbours.refresh();
    if (neighbours.macHigh === this.macHigh && neighbours.macLow === this.macLow) return;
    this.macHigh = neighbours.macHigh;
    this.macLow = neighbours.macLow;
    events.push(EVENT_CLIENT_MAC, 0, this.macHigh, this.macLow);
    for (let network = 0; network < this.networkCount; network++) this.socket(network).refresh();
  }

  /** Mask of the networks whose interface has a link. */
  private networkCarriers(): number {
    const { networkPlaces } = this.parts;
    let mask = 0;
    for (let network = 0; network < this.networkCount; network++)
      mask |= (this.carriers[networkPlaces[network] as number] as number) << network;
    return mask;
  }

  private recordNetworks(events: EventQueue, place: number, carrier: number): void {
    const { networkPlaces } = this.parts;
    const code = carrier === 1 ? LOG_NETWORK_PRESENT : LOG_NETWORK_LOST;
    for (let network = 0; network < networkPlaces.length; network++) {
      if (networkPlaces[network] === place) events.push(EVENT_RECORD, code, network);
    }
  }

  observeSupervisor(events: EventQueue): boolean {
    const { poller } = this;
    if (poller.isReadable(this.supervisorSlot) && !this.receiveFromSupervisor(events)) return false;
    if (poller.isReadable(this.commandSlot)) this.commands.receive();
    return true;
  }

  /** @returns false when the supervisor is gone */
  private receiveFromSupervisor(events: EventQueue): boolean {
    const { supervisor, functionCount } = this.parts;
    for (let record = 0; record < RECORDS_PER_TURN_MAX; record++) {
      const length = supervisor.receive();
      if (length < 0) return true;
      if (length === 0) return false;
      const kind = controlKind(supervisor.received.view);
      const index = controlFunction(supervisor.received.view);
      if (kind >= CONTROL_PROCESS_RUNNING && kind <= CONTROL_PROCESS_FIT) {
        if (index < functionCount) events.push(EVENT_PROCESS, index, kind);
      } else if (kind >= CONTROL_DRAIN && kind <= CONTROL_LEAVE) {
        events.push(EVENT_COMMAND, 0, kind);
      } else if (kind === CONTROL_INPUTS) {
        const inputs = controlArgument(supervisor.received.view, 0);
        events.push(EVENT_INPUTS, 0, inputsWithheld(inputs), inputsHold(inputs) ? 1 : 0);
      }
    }
    return true;
  }

  report(timeUs: number, events: EventQueue): void {
    const { engine, faults, observer, status, conditions, decisions, lifeSigns, vips } = this.parts;
    this.carriersDue = true;
    this.lease?.look();
    this.parts.filterReports?.take(events);
    observer.beginPeriod(timeUs, this.networkCarriers(), events);
    faults.observe(engine, timeUs);
    status.write(timeUs);
    conditions.update(timeUs, status.owners, events);
    decisions.update(events);
    lifeSigns.give(timeUs, events);
    vips.lookAfter(this.carriers[0] === 1, timeUs, events);
  }
}
