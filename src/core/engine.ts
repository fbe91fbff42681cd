/**
 * The decisions of one server: a function of time and events over preallocated tables. Events go
 * in, effects come out, `step` calls nobody. The order of its phases is fixed: events, silence,
 * phase, allocation (S1–S16), hand-over, good-bye, and whether to send at once. Announcements and
 * hand-over deadlines are looked at with the next period at the latest.
 */
import { assert } from "../assert.ts";
import {
  EXTRA_SENDS_MAX,
  FUNCTIONS_MAX,
  LOST_AFTER_PERIODS_MAX,
  SEQUENCE_MAX,
  SERVERS_MAX,
} from "../limits.ts";
import {
  FLAG_DRAINING,
  FLAG_GOOD_BYE,
  FLAG_OWNS,
  FLAG_PASSIVE,
  KeepAliveMessage,
} from "../wire/keep-alive.ts";
import { Agreement } from "./agreement.ts";
import type { Policy } from "./allocation.ts";
import {
  COUNTER_ACCEPTED,
  COUNTER_OVERFLOW,
  COUNTER_SENT,
  COUNTER_STRANGER,
  COUNTERS,
} from "./counters.ts";
import { EFFECT_LOG, EFFECT_PROBE, EffectQueue } from "./effect-queue.ts";
import {
  EVENT_CARRIER,
  EVENT_CLIENT_MAC,
  EVENT_COMMAND,
  EVENT_KEEP_ALIVE,
  EVENT_MOVE,
  EVENT_PROCESS,
  EVENT_RECORD,
  EVENT_STRANGER,
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_REMOVED,
  EVENT_VIP_STAYS,
  EVENT_VIP_UP,
  EVENT_WITNESS,
  EventQueue,
} from "./event-queue.ts";
import { detectFailures } from "./failure-detector.ts";
import type { FunctionTable } from "./function-table.ts";
import { Handover } from "./handover.ts";
import { Isolation } from "./isolation.ts";
import { Lateness } from "./lateness.ts";
import { Lease } from "./lease.ts";
import { Listening } from "./listening.ts";
import {
  LOG_CARRIER_LOST,
  LOG_CARRIER_PRESENT,
  LOG_SERVER_ALIVE,
  LOG_SERVER_ID_TWICE,
  LOG_SERVER_INCOMPATIBLE,
  LOG_SERVER_LEFT,
  LOG_SERVER_LOST,
  LOG_SERVER_UNREACHABLE,
} from "./maintenance-code.ts";
import { MARK_EXTRA_SENDS_SPENT, MARK_UNREAD, marks } from "./marks.ts";
import { type Identity, Membership } from "./membership.ts";
import { Moves } from "./moves.ts";
import { PHASE_ACTIVE } from "./phase.ts";
import { Phases } from "./phases.ts";
import { Relay } from "./relay.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_UNREACHABLE,
} from "./server-state.ts";
import { Stall } from "./stall.ts";
import { Strangers } from "./strangers.ts";
import type { Timing } from "./timing.ts";

export class Engine {
  readonly events: EventQueue;
  readonly effects = new EffectQueue();
  readonly membership: Membership;
  readonly handover: Handover;
  readonly moves: Moves;
  readonly agreement: Agreement;
  readonly isolation: Isolation;
  readonly relay: Relay;
  readonly lease: Lease;
  private readonly stall: Stall;
  private readonly listening: Listening;
  readonly phases: Phases;
  readonly strangers: Strangers;
  readonly lateness = new Lateness();
  readonly counters = new Uint32Array(COUNTERS);
  /** The keep-alive to be sent, filled by `compose`. */
  readonly outgoing: KeepAliveMessage;

  /** Absolute deadline of the next periodic keep-alive. */
  nextSendUs: number;
  /** A keep-alive is to be composed and sent now. */
  sendRequested = false;
  /** Time at which `step` is to be called again at the latest. */
  wakeUs: number;

  /** Ethernet address of the client interface, its first two and last four bytes; 0 for none. */
  private clientMacHigh: number;
  private clientMacLow: number;
  private sequence = 0;
  private extraSends = 0;
  private ownIndexLogged = false;
  /** Own sequence numbers at the beginnings of the last periods: what a fresh echo must reach. */
  private readonly sequenceOfPeriod = new Uint32Array(LOST_AFTER_PERIODS_MAX);
  private readonly freshPeriods: number;
  /** Own sequence number of about one detection time ago. */
  private sequenceFloor = 0;
  private period = 0;
  /** Time of the last `beginPeriod` or `step`. */
  private nowUs: number;
  /** Something else than keep-alives was among the events. */
  private heardMore = true;
  /** Whether steps in which nothing changed are left out. */
  skips = true;
  /** Steps that were not left out. */
  decisions = 0;
  /**
   * When silence is to be judged again, and the servers that were watched when that was worked out.
   */
  private silenceDueUs = 0;
  private watched = 0;

  constructor(
    private readonly table: FunctionTable,
    policy: Policy,
    private readonly identity: Identity,
    private readonly timing: Timing,
    announceAgainUs: number,
    nowUs: number,
    witnessCount = 0,
  ) {
    this.events = new EventQueue(table.serverCount, table.wordCount);
    this.outgoing = new KeepAliveMessage(table.serverCount, table.wordCount);
    this.membership = new Membership(table, identity, timing);
    this.handover = new Handover(
      table,
      this.membership,
      this.effects,
      timing,
      identity.self,
      announceAgainUs,
    );
    this.moves = new Moves(
      table,
      policy,
      this.membership,
      this.handover,
      this.effects,
      timing,
      identity.self,
    );
    this.agreement = new Agreement(
      table,
      policy,
      this.membership,
      this.handover,
      this.moves,
      this.effects,
      timing,
      identity.self,
    );
    this.isolation = new Isolation(witnessCount, timing, nowUs);
    this.relay = new Relay(this.membership);
    this.lease = new Lease(this.membership, timing);
    this.stall = new Stall(timing);
    this.listening = new Listening(table, this.membership, timing);
    const { membership, handover, agreement, isolation, listening, effects } = this;
    this.phases = new Phases(
      membership,
      handover,
      agreement,
      isolation,
      listening,
      effects,
      timing,
    );
    this.strangers = new Strangers(
      table,
      this.membership,
      this.handover,
      this.effects,
      timing.listenUs,
    );
    this.clientMacHigh = identity.clientMacHigh ?? 0;
    this.clientMacLow = identity.clientMacLow ?? 0;
    this.freshPeriods = timing.detectionUs / timing.periodUs;
    this.listening.begin(nowUs);
    this.nextSendUs = nowUs;
    this.wakeUs = nowUs;
    this.nowUs = nowUs;
  }

  /** PHASE_* of the status snapshot. */
  get phase(): number {
    return this.phases.phase;
  }

  get draining(): boolean {
    return this.phases.draining;
  }

  get leaving(): boolean {
    return this.phases.leaving;
  }

  /** Listening, and held back by another table or another box with our id. */
  get passive(): boolean {
    return this.phases.passive;
  }

  /**
   * Flight begins now: what start-up took since the engine was made counts neither as lateness nor
   * as listening.
   */
  begin(nowUs: number): void {
    this.isolation.begin(nowUs);
    this.listening.begin(nowUs);
    this.nextSendUs = nowUs;
    this.wakeUs = nowUs;
    this.nowUs = nowUs;
  }

  /**
   * The periodic keep-alive is due. Its deadlines are absolute: work never moves them, and missed
   * ones are left out.
   */
  beginPeriod(nowUs: number): void {
    this.nowUs = nowUs;
    this.lateness.count(nowUs - this.nextSendUs);
    while (this.nextSendUs <= nowUs) this.nextSendUs += this.timing.periodUs;
    if (this.wakeUs < nowUs) this.wakeUs = nowUs; // lateness counts once
    this.period = (this.period + 1) % this.freshPeriods;
    this.sequenceOfPeriod[this.period] = this.sequence;
    this.sequenceFloor = this.sequenceOfPeriod[(this.period + 1) % this.freshPeriods];
    this.extraSends = 0;
    this.sendRequested = true;
    this.relay.beginPeriod();
    const witness = this.isolation.probe();
    if (witness >= 0) this.effects.push(EFFECT_PROBE, witness, 0, 0);
  }

  /**
   * The loop comes late to its keep-alive: it then reads and decides first, so that what it echoes
   * is not what it knew before. The others would take an old echo for a message that was lost, and
   * let their leases run out.
   */
  isLate(nowUs: number): boolean {
    return this.stall.isLate(nowUs, this.nextSendUs);
  }

  /**
   * VIPs may be up here, or come up. One that has let go of everything and leaves is granted
   * nothing any more, and needs nothing.
   */
  get needsLease(): boolean {
    return !this.leaving || this.handover.busy !== 0;
  }

  /**
   * This loop was held up for longer than the others wait. To be asked first in every turn: then
   * everything is let go before anything else.
   */
  hasStalled(nowUs: number): boolean {
    return this.stall.has(nowUs, this.nextSendUs);
  }

  /**
   * Takes all events and decides. Bounded: EVENTS_MAX events, one allocation, FUNCTIONS_MAX × 3
   * rows of hand-over.
   * @param allRead the networks hold nothing more that has arrived; otherwise silence is not judged
   * yet
   * @param readUs a time before they were read: what has arrived since may not have been looked at
   */
  step(nowUs: number, allRead = true, readUs = nowUs): void {
    this.stall.noteStep(nowUs, this.nowUs);
    this.nowUs = nowUs;
    if (this.stall.stoppedInTurn) {
      this.events.clear(); // nothing is decided any more: the next turn lets go
      this.wakeUs = nowUs;
      return;
    }
    if (nowUs - this.wakeUs > this.timing.periodUs / 2) this.membership.excuse(nowUs - this.wakeUs);
    this.takeEvents(nowUs);
    if (allRead) this.lease.readUs = readUs;
    else marks[MARK_UNREAD]++;
    const dueUs = allRead ? this.judgeSilence(nowUs) : nowUs;
    if (!this.isQuiet(nowUs)) this.decide(nowUs);
    this.relay.update();
    this.wakeUs = this.handover.advanced ? nowUs : Math.min(this.nextSendUs, dueUs);
    if (this.timing.leaseUs !== 0) this.wakeUs = Math.min(this.wakeUs, this.lease.dueUs(nowUs));
  }

  /**
   * Nothing was heard that changes anything, and nothing is due: `decide` would change nothing.
   * Most steps in flight are so; tests compare flights in which none is left out.
   */
  private isQuiet(nowUs: number): boolean {
    const { membership, handover } = this;
    return (
      this.skips &&
      !this.heardMore &&
      this.phases.serving &&
      !this.leaving &&
      this.isolation.carrier &&
      membership.heard !== 0 &&
      (membership.changed | membership.joining | membership.incompatible) === 0 &&
      membership.ownIndexHeardUs === 0 &&
      !membership.answerAtOnce &&
      !membership.allocationChanged &&
      !membership.cannotRunChanged &&
      !this.agreement.isPending &&
      !this.moves.isPending &&
      !handover.isDue(nowUs) &&
      this.strangers.followed === 0
    );
  }

  private decide(nowUs: number): void {
    this.heardMore = false;
    this.decisions++;
    this.promoteAll(nowUs);
    this.logMembership(nowUs);
    this.phases.update(nowUs);
    const { serving } = this.phases;
    if (serving) this.agreement.update(nowUs, this.phase === PHASE_ACTIVE);
    else this.moves.update(nowUs, 0);
    this.handover.advance(nowUs, serving, this.sequence + 1);
    this.strangers.advance(nowUs);
    this.phases.leave();
    this.requestSend();
  }

  /** Fills `outgoing` with the settled state and the next sequence number. */
  compose(): void {
    const { outgoing, membership, handover, identity } = this;
    assert(this.sequence < SEQUENCE_MAX, "an incarnation ends before its sequence numbers do");
    this.sequence++;
    outgoing.sender = identity.self;
    outgoing.flags =
      (this.draining ? FLAG_DRAINING : 0) |
      (this.phases.saysGoodBye ? FLAG_GOOD_BYE : 0) |
      (this.passive ? FLAG_PASSIVE : 0) |
      (handover.ownsAny ? FLAG_OWNS : 0);
    outgoing.phase = this.phase;
    outgoing.systemId = identity.systemId;
    outgoing.incarnation = identity.incarnation;
    outgoing.nonce = identity.nonce;
    outgoing.digestHigh = identity.digestHigh;
    outgoing.digestLow = identity.digestLow;
    outgoing.sequence = this.sequence;
    outgoing.assignmentDigest = this.agreement.digest;
    outgoing.heard = membership.heard;
    outgoing.direct = membership.directMask(this.nowUs);
    const successor = membership.successor(this.nowUs);
    outgoing.successorServer = Math.max(0, successor);
    outgoing.successorIncarnation = successor < 0 ? 0 : membership.candidate[successor];
    outgoing.successorSequence = successor < 0 ? 0 : membership.candidateSequence[successor];
    outgoing.clientMacHigh = this.clientMacHigh;
    outgoing.clientMacLow = this.clientMacLow;
    outgoing.moveFunction = this.moves.index + 1;
    outgoing.moveServer = Math.max(0, this.moves.server);
    for (let server = 0; server < this.table.serverCount; server++) {
      outgoing.heardIncarnation[server] = membership.echoIncarnation(server);
      outgoing.heardSequence[server] = membership.echoSequence(server);
    }
    for (let word = 0; word < this.table.wordCount; word++) {
      outgoing.owns[word] = handover.owns[word];
      outgoing.claims[word] = handover.claims[word];
      outgoing.ready[word] = handover.ready[word];
      outgoing.cannotRun[word] = handover.cannotRun[word];
    }
    this.lease.noteSent(this.sequence, this.nowUs);
    this.sendRequested = false;
    this.counters[COUNTER_SENT]++;
  }

  /**
   * Fills `outgoing` with another server's message that is to be sent on. @returns false when there
   * is none left
   */
  composeRelay(): boolean {
    return this.relay.compose(this.outgoing);
  }

  /**
   * The engine ends out of turn: the next keep-alive is a good-bye, and the others take over at
   * once.
   */
  sayGoodBye(): void {
    this.phases.sayGoodBye();
  }

  private takeEvents(nowUs: number): void {
    const { events, handover } = this;
    for (let slot = 0; slot < events.count; slot++) {
      const index = events.index[slot];
      const first = events.first[slot];
      const kind = events.kind[slot];
      // A witness that answers keeps a server from being isolated, and ends that in a step that is
      // not quiet.
      if (kind !== EVENT_KEEP_ALIVE && kind !== EVENT_WITNESS) this.heardMore = true;
      switch (kind) {
        case EVENT_KEEP_ALIVE:
          this.takeKeepAlive(slot, first, nowUs);
          break;
        case EVENT_VIP_UP:
          handover.onVipUp(index);
          break;
        case EVENT_VIP_FAILED:
          handover.onVipFailed(index, first, events.second[slot] === 1);
          break;
        case EVENT_VIP_STAYS:
          handover.onVipStays(index);
          break;
        case EVENT_VIP_DOWN:
          handover.onVipDown(index);
          break;
        case EVENT_VIP_REMOVED:
          handover.onVipRemoved(index);
          break;
        case EVENT_PROCESS:
          if (index < FUNCTIONS_MAX) handover.onProcess(index, first);
          break;
        case EVENT_CARRIER:
          this.takeCarrier(first === 1);
          break;
        case EVENT_COMMAND:
          this.phases.takeCommand(first);
          break;
        case EVENT_MOVE:
          this.moves.ask(index, first, nowUs);
          break;
        case EVENT_WITNESS:
          this.isolation.onWitness(nowUs);
          break;
        case EVENT_STRANGER:
          this.strangers.onSighting(index, first, events.second[slot], nowUs);
          break;
        case EVENT_CLIENT_MAC:
          this.clientMacHigh = first;
          this.clientMacLow = events.second[slot] >>> 0;
          break;
        case EVENT_RECORD:
          this.effects.push(EFFECT_LOG, index, first, events.second[slot]);
          break;
      }
    }
    this.counters[COUNTER_OVERFLOW] = events.lost;
    this.counters[COUNTER_STRANGER] = this.strangers.sightings;
    events.clear();
  }

  /**
   * @returns when it is to be judged again at the latest; until then nobody who is watched now can
   * have been silent for long enough
   */
  private judgeSilence(nowUs: number): number {
    const { membership } = this;
    const watched = membership.heard | (membership.incompatible << SERVERS_MAX);
    if (nowUs < this.silenceDueUs && watched === this.watched && membership.unreachable === 0)
      return this.silenceDueUs;
    this.silenceDueUs = detectFailures(this.table, membership, nowUs, this.timing.detectionUs);
    this.watched = membership.heard | (membership.incompatible << SERVERS_MAX);
    return this.silenceDueUs;
  }

  private takeKeepAlive(slot: number, network: number, nowUs: number): void {
    const { events, membership } = this;
    const message = events.message(slot);
    const counted = membership.accept(message, network, nowUs, this.sequenceFloor);
    this.counters[counted]++;
    if (counted !== COUNTER_ACCEPTED) return;
    const { sender } = message;
    membership.newest[sender] = events.exchange(slot, membership.newest[sender]);
  }

  private takeCarrier(present: boolean): void {
    if (present === this.isolation.carrier) return;
    this.isolation.carrier = present;
    this.effects.push(EFFECT_LOG, present ? LOG_CARRIER_PRESENT : LOG_CARRIER_LOST, 0, 0);
  }

  private promoteAll(nowUs: number): void {
    if (this.membership.joining === 0) return;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.membership.state[server] !== SERVER_JOINING) continue;
      this.membership.promote(server, nowUs);
      if (this.membership.state[server] === SERVER_ALIVE) this.handover.announceAll(nowUs);
    }
  }

  private logMembership(nowUs: number): void {
    const { membership, effects } = this;
    for (let server = 0; membership.changed !== 0; server++) {
      const bit = 1 << server;
      if ((membership.changed & bit) === 0) continue;
      membership.changed &= ~bit;
      const state = membership.state[server];
      if (state === SERVER_ALIVE) effects.push(EFFECT_LOG, LOG_SERVER_ALIVE, server, 0);
      else if (state === SERVER_LOST) effects.push(EFFECT_LOG, LOG_SERVER_LOST, server, 0);
      else if (state === SERVER_UNREACHABLE)
        effects.push(EFFECT_LOG, LOG_SERVER_UNREACHABLE, server, 0);
      else if (state === SERVER_LEAVING) effects.push(EFFECT_LOG, LOG_SERVER_LEFT, server, 0);
      else if (state === SERVER_INCOMPATIBLE) {
        effects.push(
          EFFECT_LOG,
          LOG_SERVER_INCOMPATIBLE,
          server,
          membership.foreignDigest[server] | 0,
        );
      }
    }
    const twice = this.phases.hearsOwnIndex(nowUs);
    if (twice && !this.ownIndexLogged)
      effects.push(EFFECT_LOG, LOG_SERVER_ID_TWICE, this.identity.self, 0);
    this.ownIndexLogged = twice;
  }

  private requestSend(): void {
    if (this.phases.changed || this.moves.changed) this.sendRequested = true;
    this.phases.changed = false;
    this.moves.changed = false;
    if (!this.handover.changed && !this.membership.answerAtOnce) return;
    if (this.extraSends === EXTRA_SENDS_MAX) {
      marks[MARK_EXTRA_SENDS_SPENT]++;
      return;
    }
    this.extraSends++;
    this.handover.changed = false;
    this.membership.answerAtOnce = false;
    this.sendRequested = true;
  }
}
