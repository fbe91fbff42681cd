/**
 * The whole daemon on one page: wait, receive, decide, act. Everything that decides is in core/engine; everything that
 * waits is the one `wait` here. After start-up nothing in this file allocates.
 */
import { assert } from "../assert.ts";
import {
  EFFECT_ANNOUNCE,
  EFFECT_LEFT,
  EFFECT_LOG,
  EFFECT_NOTICE,
  EFFECT_NOTICE_STOPPING,
  EFFECT_PHASE,
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
import { LOG_QUEUE_FULL, LOG_SEND_FAILED } from "../core/maintenance-event.ts";
import type { StatusWriter } from "../core/status.ts";
import type { Timing } from "../core/timing.ts";
import { EVENTS_MAX, RECEIVES_PER_TURN_MAX, VIP_BATCH_MAX } from "../limits.ts";
import { NOTICE_STOPPING } from "../wire/client-notice.ts";
import {
  CONTROL_DONE,
  CONTROL_DRAIN,
  CONTROL_LEAVE,
  CONTROL_LEFT,
  CONTROL_LOG,
  CONTROL_PHASE,
  CONTROL_PROCESS_RUNNING,
  CONTROL_PROCESS_STOPPED,
  CONTROL_RECORD_BYTES,
  CONTROL_REFUSED,
  CONTROL_RESUME,
  CONTROL_START_PROCESS,
  CONTROL_STOP_PROCESS,
  controlFunction,
  controlKind,
  encodeControl,
  NO_INDEX,
} from "../wire/control.ts";
import { decodeKeepAlive, encodeKeepAlive, KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import { COUNTER_AUTHENTICATION, COUNTER_MALFORMED, COUNTER_SEND_FAILED } from "../wire/status-snapshot.ts";
import type { ClientNotices } from "./client-notices.ts";
import type { RecordSocket } from "./control-socket.ts";
import type { KeepAliveSeal } from "./keep-alive-seal.ts";
import type { LinkMonitor } from "./link-monitor.ts";
import { nowUs } from "./monotonic-clock.ts";
import type { MulticastSocket } from "./multicast-socket.ts";
import { NativeMemory } from "./native-memory.ts";
import { Poller } from "./poller.ts";
import type { VipService } from "./vip-service.ts";

/** Why the loop ended. */
export const ENDED_LEFT = 0;
export const ENDED_STALLED = 1;
export const ENDED_SUPERVISOR_GONE = 2;
const GOES_ON = -1;

/** Effects carried out in one turn. */
const EFFECTS_PER_TURN_MAX = 2 * VIP_BATCH_MAX;

/** Room in the event queue for what the other sources and the answers to effects bring. */
const KEEP_ALIVES_PER_TURN_MAX = EVENTS_MAX - VIP_BATCH_MAX;

export interface FlightParts {
  readonly engine: Engine;
  readonly timing: Timing;
  readonly functionCount: number;
  readonly networks: readonly MulticastSocket[];
  readonly seal: KeepAliveSeal;
  readonly vips: VipService;
  readonly links: LinkMonitor;
  readonly notices: ClientNotices;
  readonly supervisor: RecordSocket;
  readonly commands: RecordSocket;
  readonly status: StatusWriter;
}

export class FlightLoop {
  private readonly poller = new Poller();
  private readonly datagram = new NativeMemory(KEEP_ALIVE_BYTES);
  private readonly record = new NativeMemory(CONTROL_RECORD_BYTES);
  private readonly linkSlot: number;
  private readonly supervisorSlot: number;
  private readonly commandSlot: number;
  private carrier = true;
  private recordsLost = 0;
  private ended = GOES_ON;

  constructor(private readonly parts: FlightParts) {
    for (const network of parts.networks) this.poller.add(network.fd);
    this.linkSlot = this.poller.add(parts.links.fd);
    this.supervisorSlot = this.poller.add(parts.supervisor.fd);
    this.commandSlot = this.poller.add(parts.commands.fd);
    this.takeCarrier();
  }

  /** Flies until the engine has left, was stalled, or the supervisor is gone. @returns ENDED_* */
  run(): number {
    this.parts.engine.begin(nowUs());
    while (this.ended === GOES_ON) this.turn();
    return this.ended;
  }

  /** One turn. Waits at most until the engine wants to be called. */
  turn(): void {
    const { engine, vips, status, timing } = this.parts;
    this.poller.wait(engine.effects.count > 0 ? 0 : engine.wakeUs);
    const beganUs = nowUs();
    if (beganUs - engine.nextSendUs > timing.detectionUs - timing.periodUs) {
      // Nothing was sent for the detection time: the others have taken over what was ours: let go before anything else, then begin anew.
      vips.removeAll();
      this.ended = ENDED_STALLED;
      return;
    }
    if (beganUs >= engine.nextSendUs) {
      engine.beginPeriod(beganUs);
      this.sendKeepAlive();
      status.write(beganUs);
    }
    this.receiveKeepAlives();
    // Every address that we move is reported to us: that is read when the moving is over.
    if (engine.effects.urgentCount === 0) this.receiveLinks();
    this.receiveRecords();
    engine.step(nowUs());
    if (engine.sendRequested) this.sendKeepAlive();
    this.carryOut();
  }

  private sendKeepAlive(): void {
    const { engine, networks, seal } = this.parts;
    engine.compose();
    encodeKeepAlive(engine.outgoing, this.datagram.view);
    seal.seal(this.datagram.bytes);
    for (let network = 0; network < networks.length; network++) {
      const error = (networks[network] as MulticastSocket).send(this.datagram, 0, KEEP_ALIVE_BYTES);
      if (error !== 0) this.countSendFailure(network, error);
    }
  }

  private countSendFailure(network: number, error: number): void {
    const { counters, effects } = this.parts.engine;
    if (counters[COUNTER_SEND_FAILED]++ === 0) effects.push(EFFECT_LOG, LOG_SEND_FAILED, network, error);
  }

  private receiveKeepAlives(): void {
    const { networks } = this.parts;
    for (let network = 0; network < networks.length; network++) {
      const socket = networks[network] as MulticastSocket;
      for (let turn = 0; turn < RECEIVES_PER_TURN_MAX; turn++) {
        if (this.parts.engine.events.count >= KEEP_ALIVES_PER_TURN_MAX) return;
        const length = socket.receive();
        if (length < 0) break;
        this.takeDatagram(socket, network, length);
      }
    }
  }

  private takeDatagram(socket: MulticastSocket, network: number, length: number): void {
    const { engine, seal } = this.parts;
    const { events, counters } = engine;
    if (!decodeKeepAlive(socket.received.view, length, events.message(events.count))) counters[COUNTER_MALFORMED]++;
    else if (!seal.verify(socket.received.bytes)) counters[COUNTER_AUTHENTICATION]++;
    else events.push(EVENT_KEEP_ALIVE, 0, network);
  }

  private receiveLinks(): void {
    const { links, engine, functionCount, networks, vips } = this.parts;
    if (!this.poller.isReadable(this.linkSlot)) return;
    const changes = links.poll();
    if (links.overflowed) links.resynchronise();
    else if (changes === 0) return;
    if (this.takeCarrier() && this.carrier) {
      // The interface may have been made anew, and the kernel drops routes with the link.
      for (let network = 0; network < networks.length; network++) (networks[network] as MulticastSocket).rejoin();
      vips.restore();
    }
    for (let index = 0; index < functionCount; index++) {
      if (links.removed[index] === 0) continue;
      if (!engine.events.push(EVENT_VIP_REMOVED, index, 0)) return; // reported again with the next change
      links.removed[index] = 0;
    }
  }

  /** @returns true when the carrier of the client interface changed */
  private takeCarrier(): boolean {
    const carrier = this.parts.links.carrier(0);
    if (carrier === this.carrier) return false;
    this.carrier = carrier;
    this.parts.engine.events.push(EVENT_CARRIER, 0, carrier ? 1 : 0);
    return true;
  }

  private receiveRecords(): void {
    if (this.poller.isReadable(this.supervisorSlot)) this.receiveFromSupervisor();
    if (this.poller.isReadable(this.commandSlot)) this.receiveCommands();
  }

  private receiveFromSupervisor(): void {
    const { supervisor, engine, functionCount } = this.parts;
    while (!engine.events.isFull()) {
      const length = supervisor.receive();
      if (length < 0) return;
      if (length === 0) {
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

  /** Requests of `wingman drain` and `wingman resume`: each is answered. */
  private receiveCommands(): void {
    const { commands, engine } = this.parts;
    while (!engine.events.isFull()) {
      const length = commands.receive();
      if (length < 0) return;
      const kind = controlKind(commands.received.view);
      const known = length === CONTROL_RECORD_BYTES && (kind === CONTROL_DRAIN || kind === CONTROL_RESUME);
      encodeControl(this.record.view, known ? CONTROL_DONE : CONTROL_REFUSED, NO_INDEX, kind, 0, 0);
      commands.reply(this.record);
      if (!known) continue;
      engine.events.push(EVENT_COMMAND, 0, kind);
      // The supervisor starts processes again that failed too often.
      if (kind === CONTROL_RESUME) this.tellSupervisor(CONTROL_RESUME, NO_INDEX, 0, 0, 0);
    }
  }

  /**
   * Carries effects out, those that move VIPs first: in batches, one a turn, because the next keep-alive must not wait for
   * all of them; then the others, a bounded number a turn.
   */
  private carryOut(): void {
    const { engine, vips, notices } = this.parts;
    const { effects } = engine;
    const movesVips = effects.urgentCount > 0;
    for (let turn = 0; turn < EFFECTS_PER_TURN_MAX && effects.count > 0; turn++) {
      if (movesVips && (effects.urgentCount === 0 || !vips.takes(effects))) break;
      effects.take();
      const { kind, index, first, second } = effects;
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
          this.request(CONTROL_START_PROCESS, index, first);
          break;
        case EFFECT_PROCESS_STOP:
          this.request(CONTROL_STOP_PROCESS, index, first);
          break;
        case EFFECT_NOTICE_STOPPING:
          notices.send(index, NOTICE_STOPPING, first);
          break;
        case EFFECT_NOTICE:
          notices.send(index, first, second);
          break;
        case EFFECT_LOG:
          this.tellSupervisor(CONTROL_LOG, NO_INDEX, index, first, second);
          break;
        case EFFECT_PHASE:
          this.tellSupervisor(CONTROL_PHASE, NO_INDEX, first, 0, 0);
          break;
        case EFFECT_LEFT:
          this.tellSupervisor(CONTROL_LEFT, NO_INDEX, 0, 0, 0);
          this.ended = ENDED_LEFT;
          break;
      }
    }
    vips.commit(engine.events, effects);
  }

  private request(kind: number, index: number, argument: number): void {
    // A process that is neither started nor stopped would break every promise: better to be started anew.
    assert(this.tellSupervisor(kind, index, argument, 0, 0), "the supervisor reads its requests");
  }

  /** Never waits: a record for which the queue has no room is lost, counted, and reported when there is room again. */
  private tellSupervisor(kind: number, index: number, a: number, b: number, c: number): boolean {
    const { supervisor } = this.parts;
    if (this.recordsLost > 0) {
      encodeControl(this.record.view, CONTROL_LOG, NO_INDEX, LOG_QUEUE_FULL, this.recordsLost, 0);
      if (supervisor.send(this.record) === 0) this.recordsLost = 0;
    }
    encodeControl(this.record.view, kind, index, a, b, c);
    if (supervisor.send(this.record) === 0) return true;
    this.recordsLost++;
    return false;
  }
}
