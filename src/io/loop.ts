import {
  COUNTER_AUTHENTICATION,
  COUNTER_DROPPED,
  COUNTER_MALFORMED,
  COUNTER_SEND_FAILED,
} from "../core/counters.ts";
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
} from "../core/effect-queue.ts";
import type { Engine } from "../core/engine.ts";
import {
  EVENT_CARRIER,
  EVENT_COMMAND,
  EVENT_KEEP_ALIVE,
  EVENT_PROCESS,
  EVENT_VIP_REMOVED,
} from "../core/event-queue.ts";
import {
  LOG_LEASE_LOST,
  LOG_NETWORK_LOST,
  LOG_NETWORK_PRESENT,
  LOG_SEND_FAILED,
  LOG_STALLED,
} from "../core/maintenance-code.ts";
import type { StatusWriter } from "../core/status.ts";
import type { Timing } from "../core/timing.ts";
import {
  NETWORKS_MAX,
  READ_REST_US,
  RECEIVES_AT_ONCE_MAX,
  RECEIVES_PER_TURN_MAX,
  RECORDS_PER_TURN_MAX,
  REPORTS_PER_TURN_MAX,
  UNREAD_TURNS_MAX,
  VIP_BATCH_MAX,
} from "../limits.ts";
import { NOTICE_STOPPING } from "../wire/client-notice.ts";
import {
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  controlFunction,
  controlKind,
  NO_INDEX,
} from "../wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import type { ClientNotices } from "./client-notices.ts";
import { CommandRequests } from "./command-requests.ts";
import type { RecordSocket } from "./control-socket.ts";
import { ETIME } from "./errno.ts";
import type { KeepAliveSeal } from "./keep-alive-seal.ts";
import type { LifeSigns } from "./life-signs.ts";
import type { LinkMonitor } from "./link-monitor.ts";
import { nowUs } from "./monotonic-clock.ts";
import type { MulticastSocket } from "./multicast-socket.ts";
import { NativeMemory } from "./native-memory.ts";
import type { NeighbourWatch } from "./neighbour-watch.ts";
import { Poller } from "./poller.ts";
import { SupervisorRecords } from "./supervisor-records.ts";
import type { VipLease } from "./vip-lease.ts";
import type { VipService } from "./vip-service.ts";

/** Why the loop ended. */
export const ENDED_LEFT = 0;
export const ENDED_STALLED = 1;
const ENDED_SUPERVISOR_GONE = 2;
const GOES_ON = -1;

/** Effects carried out in one turn. */
const EFFECTS_PER_TURN_MAX = 2 * VIP_BATCH_MAX;

/**
 * Of these, those that move no VIP and are carried out in any case, so that processes and records
 * do not wait for ever.
 */
const OTHER_EFFECTS_PER_TURN_MIN = 16;

export interface FlightParts {
  readonly engine: Engine;
  readonly timing: Timing;
  readonly functionCount: number;
  readonly networks: readonly MulticastSocket[];
  /** Number in the configuration, and place among the watched interfaces, of each of them. */
  readonly networkNumbers: readonly number[];
  readonly networkPlaces: readonly number[];
  readonly seal: KeepAliveSeal;
  readonly vips: VipService;
  /** null: VIPs answer without a lease. */
  readonly lease: VipLease | null;
  readonly links: LinkMonitor;
  readonly neighbours: NeighbourWatch;
  readonly notices: ClientNotices;
  readonly supervisor: RecordSocket;
  readonly commands: RecordSocket;
  readonly status: StatusWriter;
  readonly lifeSigns: LifeSigns;
}

export class FlightLoop {
  private readonly poller = new Poller();
  private readonly datagram = new NativeMemory(KEEP_ALIVE_BYTES);
  private readonly supervisor: SupervisorRecords;
  private readonly commands: CommandRequests;
  private readonly linkSlot: number;
  private readonly supervisorSlot: number;
  private readonly commandSlot: number;
  private carrier = true;
  /** Carrier of each interface that is watched, 1 or 0, as it was last. */
  private readonly carriers = new Uint8Array(1 + NETWORKS_MAX);
  /** Why each network refused the last keep-alive: 0 or an errno. */
  private readonly refuses = new Uint8Array(NETWORKS_MAX);
  /** Datagrams received since the period began. */
  private receivedInPeriod = 0;
  /** Whether networks wake the loop. */
  private networksWake = true;
  /** Turns in a row after which the networks still held datagrams. */
  private unreadTurns = 0;
  /** Changes that were read beside our own renewals wait to be taken. */
  private linkChanges = 0;
  /** Addresses that others removed wait for room in the event queue. */
  private reportsWait = false;
  private ended = GOES_ON;

  constructor(private readonly parts: FlightParts) {
    // their slots are their places
    for (const network of parts.networks) this.poller.add(network.fd);
    this.linkSlot = this.poller.add(parts.links.fd);
    this.supervisorSlot = this.poller.add(parts.supervisor.fd);
    this.commandSlot = this.poller.add(parts.commands.fd);
    this.supervisor = new SupervisorRecords(parts.supervisor);
    this.commands = new CommandRequests(parts.commands, parts.engine, this.supervisor);
    this.carriers.fill(1);
    this.takeLinks();
  }

  /** Flies until the engine has left, was stalled, or the supervisor is gone. @returns ENDED_* */
  run(): number {
    const { engine, lease, lifeSigns } = this.parts;
    lease?.begin(); // a refusal shows at the first renewal
    engine.begin(nowUs());
    while (this.ended === GOES_ON) this.turn();
    if (this.ended === ENDED_LEFT) {
      lease?.remove();
      lifeSigns.disarm();
    }
    return this.ended;
  }

  /** One turn. Waits at most until the engine wants to be called. */
  turn(): void {
    const { engine, status, timing, lease, lifeSigns, neighbours } = this.parts;
    this.wait();
    const beganUs = nowUs();
    if (engine.hasStalled(beganUs)) {
      this.letGo(LOG_STALLED, Math.floor((beganUs - engine.nextSendUs + timing.periodUs) / 1000));
      return;
    }
    const isDue = beganUs >= engine.nextSendUs;
    const readsFirst = isDue && engine.isLate(beganUs);
    if (isDue) {
      // The lease comes before the keep-alive: who is heard may answer, and who has stopped is
      // silent before it is missed.
      if (!this.renewLease(beganUs)) return;
      if (!readsFirst) {
        engine.beginPeriod(beganUs);
        this.sendKeepAlive();
      }
      this.receivedInPeriod = 0;
      this.countDropped();
      status.write(beganUs);
      lifeSigns.give(beganUs);
      neighbours.receive(engine.events);
    }
    const allRead = this.receiveKeepAlives();
    this.unreadTurns = allRead ? 0 : this.unreadTurns + 1;
    // Every address that we move is reported to us: that is read when the moving is over.
    if (engine.effects.urgentCount === 0) this.receiveLinks();
    this.receiveRecords();
    const steppedUs = nowUs();
    engine.step(steppedUs, allRead || this.unreadTurns > UNREAD_TURNS_MAX);
    if (readsFirst) engine.beginPeriod(beganUs);
    if (engine.sendRequested) this.sendKeepAlive();
    while (engine.composeRelay()) this.sendOutgoing();
    if (lease !== null && engine.lease.isDue(steppedUs) && !this.renewLease(steppedUs)) return;
    this.carryOut();
    this.renewVips();
  }

  /** Addresses that expired while this loop stood still stay away: the next turn lets go. */
  private renewVips(): void {
    const { engine, vips, links } = this.parts;
    const atUs = nowUs();
    if (engine.hasStalled(atUs) || vips.renew(atUs) === 0) return;
    // The kernel has reported each of them to us: read now, that wakes nobody.
    if (engine.effects.urgentCount === 0)
      this.linkChanges += links.poll() + (links.overflowed ? 1 : 0);
  }

  /**
   * Until something arrives, or the engine wants to be called. When much has arrived in this
   * period, arrivals wake nobody and are read a little later, many at a time: a flood costs a
   * bounded share of the processor, and never the next keep-alive's time.
   */
  private wait(): void {
    const { engine, networks, vips } = this.parts;
    const wake = this.receivedInPeriod < RECEIVES_AT_ONCE_MAX;
    if (wake !== this.networksWake) {
      for (let network = 0; network < networks.length; network++) this.poller.watch(network, wake);
      this.networksWake = wake;
    }
    if (engine.effects.count > 0 || this.linkChanges > 0) this.poller.wait(0);
    else if (wake) this.poller.wait(Math.min(engine.wakeUs, vips.renewUs));
    else this.poller.wait(Math.min(engine.nextSendUs, nowUs() + READ_REST_US));
  }

  private countDropped(): void {
    const { engine, networks } = this.parts;
    let dropped = 0;
    for (let network = 0; network < networks.length; network++) {
      const socket = networks[network] as MulticastSocket;
      dropped += socket.dropped();
    }
    engine.counters[COUNTER_DROPPED] = dropped;
  }

  /** @returns false when the lease could not be had and everything was let go */
  private renewLease(timeUs: number): boolean {
    const { engine, lease } = this.parts;
    if (lease === null || !engine.needsLease) return true;
    const lengthMs = engine.lease.grant(timeUs);
    const refused = lengthMs === 0 ? ETIME : lease.renew(lengthMs);
    if (refused === 0) return true;
    this.letGo(LOG_LEASE_LOST, refused);
    return false;
  }

  /**
   * Others may own by now what was ours: everything goes, and the supervisor begins anew with a new
   * incarnation.
   */
  private letGo(code: number, value: number): void {
    const { vips, lease } = this.parts;
    lease?.lapse();
    vips.removeAll();
    this.supervisor.tell(CONTROL_LOG, NO_INDEX, code, value, 0);
    this.ended = ENDED_STALLED;
  }

  private sendKeepAlive(): void {
    this.parts.engine.compose();
    this.sendOutgoing();
  }

  private sendOutgoing(): void {
    const { engine, networks, seal } = this.parts;
    encodeKeepAlive(engine.outgoing, this.datagram.view);
    seal.seal(this.datagram.bytes);
    for (let network = 0; network < networks.length; network++) {
      const error = (networks[network] as MulticastSocket).send(this.datagram, 0, KEEP_ALIVE_BYTES);
      this.noteSent(network, error);
    }
  }

  /** A network that refuses is counted each time, and logged when that begins. */
  private noteSent(network: number, error: number): void {
    const { counters, effects } = this.parts.engine;
    if (error !== 0) counters[COUNTER_SEND_FAILED]++;
    if (error !== 0 && this.refuses[network] === 0) {
      effects.push(
        EFFECT_LOG,
        LOG_SEND_FAILED,
        this.parts.networkNumbers[network] as number,
        error,
      );
    }
    this.refuses[network] = error;
  }

  /**
   * Each network has its own share of a turn, so that a flood on one does not silence the other.
   * @returns whether all was read
   */
  private receiveKeepAlives(): boolean {
    const { networks } = this.parts;
    let allRead = true;
    for (let network = 0; network < networks.length; network++) {
      const socket = networks[network] as MulticastSocket;
      let left = RECEIVES_PER_TURN_MAX;
      for (; left > 0; left--) {
        const length = socket.receive();
        if (length < 0) break;
        this.takeDatagram(socket, network, length);
      }
      this.receivedInPeriod += RECEIVES_PER_TURN_MAX - left;
      if (left === 0) allRead = false;
    }
    return allRead;
  }

  private takeDatagram(socket: MulticastSocket, network: number, length: number): void {
    const { engine, seal } = this.parts;
    const { events, counters } = engine;
    // The seal before the content: what nobody vouches for is not interpreted.
    if (length !== KEEP_ALIVE_BYTES) counters[COUNTER_MALFORMED]++;
    else if (!seal.verify(socket.received.bytes)) counters[COUNTER_AUTHENTICATION]++;
    else if (!decodeKeepAlive(socket.received.view, length, events.message(events.count)))
      counters[COUNTER_MALFORMED]++;
    else events.push(EVENT_KEEP_ALIVE, 0, network);
  }

  private receiveLinks(): void {
    const { links } = this.parts;
    if (this.linkChanges > 0 || this.poller.isReadable(this.linkSlot)) {
      const changes = links.poll() + this.linkChanges;
      this.linkChanges = 0;
      // when that fails, again with the next notification
      if (links.overflowed) links.resynchronise();
      if (changes > 0 || !links.overflowed) this.takeLinks();
      this.reportsWait = true;
    }
    if (this.reportsWait) this.reportRemovedVips();
  }

  private takeLinks(): void {
    const { links, networks, vips, engine, neighbours } = this.parts;
    neighbours.refresh();
    engine.setClientMac(neighbours.macHigh, neighbours.macLow); // at the start, too
    let cameBack = false;
    for (let place = 0; place < links.count; place++) {
      const carrier = links.carrier(place) ? 1 : 0;
      if (carrier === this.carriers[place]) continue;
      if (carrier === 1) cameBack = true;
      this.carriers[place] = carrier;
      this.logNetworks(place, carrier);
    }
    if (cameBack) {
      // The interface may have been made anew, and the kernel drops routes with the link.
      for (let network = 0; network < networks.length; network++)
        (networks[network] as MulticastSocket).rejoin();
      vips.restore();
    }
    const carrier = links.carrier(0);
    if (carrier === this.carrier) return;
    this.carrier = carrier;
    engine.events.push(EVENT_CARRIER, 0, carrier ? 1 : 0);
  }

  private logNetworks(place: number, carrier: number): void {
    const { engine, networkNumbers, networkPlaces } = this.parts;
    const code = carrier === 1 ? LOG_NETWORK_PRESENT : LOG_NETWORK_LOST;
    for (let network = 0; network < networkPlaces.length; network++) {
      if (networkPlaces[network] === place) {
        engine.effects.push(EFFECT_LOG, code, networkNumbers[network] as number, 0);
      }
    }
  }

  /**
   * VIPs that somebody else removed, a bounded number a turn. Those that are there again, or went
   * with the link, are no news.
   */
  private reportRemovedVips(): void {
    const { links, engine, functionCount } = this.parts;
    let reports = 0;
    for (let index = 0; index < functionCount; index++) {
      if (links.removed[index] === 0) continue;
      if (this.carrier && !links.present(index)) {
        if (reports === REPORTS_PER_TURN_MAX) return;
        reports++;
        engine.events.push(EVENT_VIP_REMOVED, index, 0);
      }
      links.removed[index] = 0;
    }
    this.reportsWait = false;
  }

  private receiveRecords(): void {
    if (this.poller.isReadable(this.supervisorSlot)) this.receiveFromSupervisor();
    if (this.poller.isReadable(this.commandSlot)) this.commands.receive();
  }

  private receiveFromSupervisor(): void {
    const { supervisor, engine, functionCount, vips } = this.parts;
    for (let record = 0; record < RECORDS_PER_TURN_MAX; record++) {
      const length = supervisor.receive();
      if (length < 0) return;
      if (length === 0) {
        vips.removeAll(); // nobody is left who would do it
        engine.sayGoodBye();
        this.sendKeepAlive();
        this.ended = ENDED_SUPERVISOR_GONE;
        return;
      }
      const kind = controlKind(supervisor.received.view);
      const index = controlFunction(supervisor.received.view);
      if (kind >= CONTROL_PROCESS_RUNNING && kind <= CONTROL_PROCESS_STOPPED) {
        if (index < functionCount) engine.events.push(EVENT_PROCESS, index, kind);
      } else if (kind >= CONTROL_DRAIN && kind <= CONTROL_LEAVE) {
        engine.events.push(EVENT_COMMAND, 0, kind);
      }
    }
  }

  /**
   * Carries effects out, those that move VIPs first: in batches, one a turn, because the next
   * keep-alive must not wait for all of them; then the others, a bounded number a turn.
   */
  private carryOut(): void {
    const { engine, vips } = this.parts;
    const { effects } = engine;
    let left = EFFECTS_PER_TURN_MAX;
    for (; left > 0 && effects.urgentCount > 0 && vips.takes(effects); left--) {
      effects.take();
      this.carryOutOne();
    }
    vips.commit(engine.events, effects);
    const others =
      effects.urgentCount > 0
        ? OTHER_EFFECTS_PER_TURN_MIN
        : Math.max(left, OTHER_EFFECTS_PER_TURN_MIN);
    for (let other = 0; other < others && effects.takeOther(); other++) this.carryOutOne();
  }

  private carryOutOne(): void {
    const { engine, vips, notices, neighbours } = this.parts;
    const { kind, index, first, second } = engine.effects;
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
        // not after the warning that it stops
        if (engine.handover.isUp(index)) notices.send(index, first, second);
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
        this.ended = ENDED_LEFT;
        break;
    }
  }
}
