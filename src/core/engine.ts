/**
 * The decisions of one server: a function of time and events over preallocated tables. Events go
 * in, effects come out, `step` calls nobody. Its phases have a fixed order: events, silence, phase,
 * allocation (S1–S16), hand-over, good-bye, and whether to send at once. The next period at the
 * latest handles announcements and hand-over deadlines.
 */
import type { Policy } from "../allocation/allocation.ts";
import type { FunctionTable } from "../allocation/function-table.ts";
import {
  COUNTER_OVERFLOW,
  COUNTER_SENT,
  COUNTER_STRANGER,
  COUNTERS,
} from "../boundary/counters.ts";
import { EFFECT_LOG, EFFECT_PROBE, EffectQueue } from "../boundary/effect-queue.ts";
import {
  EVENT_CARRIER,
  EVENT_CLIENT_MAC,
  EVENT_COMMAND,
  EVENT_INPUTS,
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
  EVENT_VIP_WITHDRAWN,
  EVENT_WITNESS,
  EventQueue,
} from "../boundary/event-queue.ts";
import type { Identity } from "../boundary/identity.ts";
import { LOG_CARRIER_LOST, LOG_CARRIER_PRESENT } from "../boundary/maintenance-code.ts";
import { PHASE_ACTIVE } from "../boundary/phase.ts";
import { Stall } from "../boundary/stall.ts";
import type { Timing } from "../boundary/timing.ts";
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import { MARK_UNREAD, marks } from "../marks.ts";
import type { KeepAliveMessage } from "../wire/keep-alive.ts";
import { Admission } from "./admission.ts";
import { Agreement } from "./agreement.ts";
import { ALWAYS, CHANGED, Changes } from "./changes.ts";
import { detectFailures } from "./failure-detector.ts";
import { Handover } from "./handover.ts";
import { Isolation } from "./isolation.ts";
import { Lease } from "./lease.ts";
import { Listening } from "./listening.ts";
import { Membership } from "./membership.ts";
import { MembershipRecords } from "./membership-records.ts";
import { Moves } from "./moves.ts";
import { Phases } from "./phases.ts";
import { Relay } from "./relay.ts";
import { Sender } from "./sender.ts";
import { Strangers } from "./strangers.ts";

export class Engine {
  readonly changes = new Changes();
  readonly membership: Membership;
  readonly admission: Admission;
  readonly handover: Handover;
  readonly moves: Moves;
  readonly agreement: Agreement;
  readonly isolation: Isolation;
  readonly relay: Relay;
  readonly lease: Lease;
  readonly phases: Phases;
  readonly strangers: Strangers;
  readonly sender: Sender;
  readonly counters = new Uint32Array(COUNTERS);
  private readonly stall: Stall;
  private readonly listening: Listening;
  private readonly records: MembershipRecords;

  /** Call `step` again at this time at the latest. */
  wakeUs: number;
  /** Skip steps in which nothing changed; and the number of steps not skipped. */
  skips = true;
  decisions = 0;
  /** Time of the last `beginPeriod` or `step`. */
  private nowUs: number;
  /** What the last decision saw, and when the next is due even if nothing changes. */
  private seen = -1;
  private dueUs = ALWAYS;
  /** When to judge silence again, and who was watched when that was computed. */
  private silenceDueUs = 0;
  private watched = 0;

  constructor(
    private readonly table: FunctionTable,
    policy: Policy,
    identity: Identity,
    private readonly timing: Timing,
    announceAgainUs: number,
    nowUs: number,
    witnessCount = 0,
    readonly events = new EventQueue(table.serverCount, table.wordCount),
    readonly effects = new EffectQueue(),
  ) {
    const { changes } = this;
    const { self } = identity;
    const membership = new Membership(table, identity, timing, changes);
    const admission = new Admission(table.serverCount, identity, timing, membership, changes);
    const handover = new Handover(
      table,
      changes,
      membership,
      effects,
      timing,
      self,
      announceAgainUs,
    );
    const moves = new Moves(table, policy, changes, membership, handover, effects, timing, self);
    const agreement = new Agreement(
      table,
      policy,
      changes,
      membership,
      handover,
      moves,
      effects,
      timing,
      self,
    );
    const isolation = new Isolation(witnessCount, timing, nowUs);
    const listening = new Listening(table, membership, admission, timing);
    const phases = new Phases(
      self,
      changes,
      membership,
      admission,
      handover,
      agreement,
      isolation,
      listening,
      effects,
    );
    this.membership = membership;
    this.admission = admission;
    this.handover = handover;
    this.moves = moves;
    this.agreement = agreement;
    this.isolation = isolation;
    this.listening = listening;
    this.phases = phases;
    this.relay = new Relay(membership, table);
    this.lease = new Lease(membership, timing);
    this.stall = new Stall(timing);
    this.strangers = new Strangers(table, membership, handover, effects, timing.listenUs);
    this.records = new MembershipRecords(table.serverCount, self, membership, effects);
    this.sender = new Sender(
      table,
      identity,
      timing,
      changes,
      membership,
      admission,
      handover,
      agreement,
      moves,
      phases,
    );
    this.wakeUs = nowUs;
    this.nowUs = nowUs;
    this.begin(nowUs);
  }

  /** PHASE_* of the status snapshot. */
  get phase(): number {
    return this.phases.phase;
  }

  /** Absolute deadline of the next periodic keep-alive. */
  get nextSendUs(): number {
    return this.sender.nextSendUs;
  }

  /** Compose and send a keep-alive now. */
  get sendRequested(): boolean {
    return this.sender.isRequested;
  }

  /** Flight begins now: start-up counts neither as lateness nor as listening. */
  begin(nowUs: number): void {
    this.isolation.begin(nowUs);
    this.listening.begin(nowUs);
    this.sender.begin(nowUs);
    this.wakeUs = nowUs;
    this.nowUs = nowUs;
  }

  /** The periodic keep-alive is due. */
  beginPeriod(nowUs: number): void {
    this.nowUs = nowUs;
    this.wakeUs = Math.max(this.wakeUs, nowUs); // lateness counts once
    this.sender.beginPeriod(nowUs);
    this.relay.beginPeriod();
    const witness = this.isolation.probe();
    if (witness >= 0) this.effects.push(EFFECT_PROBE, witness, 0, 0);
  }

  /**
   * The loop is late for its keep-alive. It then reads and decides first, so that it echoes what
   * has arrived meanwhile: the others would take an old echo for a lost message, and let their
   * leases run out.
   */
  isLate(nowUs: number): boolean {
    return this.stall.isLate(nowUs, this.nextSendUs);
  }

  /**
   * VIPs are or may come up here. A leaving server that has let go of everything needs no lease.
   */
  get needsLease(): boolean {
    return !this.phases.leaving || this.handover.busy !== 0;
  }

  /**
   * This loop was held up for longer than the others wait: the turn first lets go of everything.
   */
  hasStalled(nowUs: number): boolean {
    return this.stall.has(nowUs, this.nextSendUs);
  }

  /**
   * Takes all events and decides. Bounded: EVENTS_MAX events, one allocation, FUNCTIONS_MAX × 3
   * rows of hand-over.
   * @param allRead no arrival is left unread; otherwise silence is not judged yet
   * @param readUs a time before the reading: later arrivals may be unread
   */
  step(nowUs: number, allRead = true, readUs = nowUs): void {
    this.stall.noteStep(nowUs, this.nowUs);
    this.nowUs = nowUs;
    if (this.stall.stoppedInTurn) {
      this.events.clear(); // no more decisions: the next turn lets go
      this.wakeUs = nowUs;
      return;
    }
    const lateUs = nowUs - this.wakeUs;
    if (lateUs > this.timing.periodUs / 2) {
      this.membership.excuse(lateUs);
      this.handover.excuse(lateUs);
    }
    this.takeEvents(nowUs);
    if (allRead) this.membership.readUs = readUs;
    else marks[MARK_UNREAD]++;
    const dueUs = allRead ? this.judgeSilence(nowUs) : nowUs;
    const comesBack = !this.isQuiet(nowUs) && this.decide(nowUs);
    this.relay.update();
    this.wakeUs = comesBack ? nowUs : Math.min(this.nextSendUs, dueUs);
    if (this.timing.leaseUs > 0) this.wakeUs = Math.min(this.wakeUs, this.lease.dueUs(nowUs));
  }

  /**
   * Nothing has changed since the last decision and nothing is due, so another one would change
   * nothing. Most steps are like this; tests compare them with flights that skip none.
   */
  private isQuiet(nowUs: number): boolean {
    return this.skips && this.seen === this.changes.total && nowUs < this.dueUs;
  }

  /** @returns whether to come back at once */
  private decide(nowUs: number): boolean {
    // The next step looks at whatever changes from here on.
    this.seen = this.changes.total;
    this.decisions++;
    if (this.membership.promoteAll(nowUs)) this.handover.announceAll(nowUs);
    this.records.update(this.admission.hearsTwin(nowUs));
    this.phases.update(nowUs, this.sender.sequence + 1);
    const { serving } = this.phases;
    if (serving) this.agreement.update(nowUs, this.phase === PHASE_ACTIVE);
    else this.moves.update(nowUs, 0);
    this.handover.advance(nowUs, serving, this.sender.sequence + 1);
    this.lease.setOwner(this.handover.sets.ownsAny);
    this.strangers.advance(nowUs);
    const leaves = this.phases.leave();
    this.sender.request();
    this.dueUs = this.nextDueUs(nowUs);
    return this.handover.advanced || leaves;
  }

  private nextDueUs(nowUs: number): number {
    let dueUs = Math.min(this.membership.dueUs, this.phases.dueUs(nowUs));
    dueUs = Math.min(dueUs, this.agreement.dueUs(), this.moves.dueUs);
    return Math.min(dueUs, this.handover.dueUs, this.strangers.dueUs);
  }

  /** The next datagram: the settled state under the next sequence number. */
  compose(): KeepAliveMessage {
    this.sender.compose(this.nowUs);
    this.lease.noteSent(this.sender.sequence, this.nowUs);
    this.counters[COUNTER_SENT]++;
    return this.sender.message;
  }

  private takeEvents(nowUs: number): void {
    const { events } = this;
    for (let slot = 0; slot < events.count; slot++) {
      if (events.kind[slot] === EVENT_KEEP_ALIVE) this.takeKeepAlive(slot, nowUs);
      else this.takeEvent(slot, nowUs);
    }
    this.counters[COUNTER_OVERFLOW] = events.lost;
    this.counters[COUNTER_STRANGER] = this.strangers.sightings;
    events.clear();
  }

  private takeKeepAlive(slot: number, nowUs: number): void {
    const { events } = this;
    const { sender } = events.message(slot);
    const network = events.first[slot];
    const { sequenceFloor } = this.sender;
    this.counters[this.admission.accept(events, slot, network, nowUs, sequenceFloor)]++;
    if (this.membership.lastHeardUs[sender] === nowUs) this.lease.noteHeard(sender);
  }

  private takeEvent(slot: number, nowUs: number): void {
    const { events, handover } = this;
    const index = events.index[slot];
    const first = events.first[slot];
    const second = events.second[slot];
    const kind = events.kind[slot];
    // A witness's answer changes nothing by itself: it keeps a server from being isolated, and an
    // isolated one decides in every step.
    if (kind !== EVENT_WITNESS) this.changes.note(CHANGED);
    switch (kind) {
      case EVENT_VIP_UP:
        handover.vips.onUp(index);
        break;
      case EVENT_VIP_FAILED:
        handover.vips.onFailed(index, first, second === 1);
        break;
      case EVENT_VIP_STAYS:
        handover.vips.onStays(index);
        break;
      case EVENT_VIP_WITHDRAWN:
        handover.vips.onWithdrawn(index);
        break;
      case EVENT_VIP_DOWN:
        handover.vips.onDown(index);
        break;
      case EVENT_VIP_REMOVED:
        handover.onVipRemoved(index);
        break;
      case EVENT_PROCESS:
        if (index < FUNCTIONS_MAX) handover.onProcess(index, first);
        break;
      case EVENT_CARRIER:
        this.takeCarrier(first === 1, nowUs);
        break;
      case EVENT_COMMAND:
        this.phases.takeCommand(first);
        break;
      case EVENT_INPUTS:
        handover.room.inputs.ask(first, second === 1);
        this.sender.isRequested = true;
        break;
      case EVENT_MOVE:
        this.moves.ask(index, first, nowUs);
        break;
      case EVENT_WITNESS:
        this.isolation.onWitness(nowUs);
        break;
      case EVENT_STRANGER:
        this.strangers.onSighting(index, first, second, nowUs);
        break;
      case EVENT_CLIENT_MAC:
        this.sender.setClientMac(first, second >>> 0);
        handover.announceAll(nowUs); // seats know the old one
        break;
      case EVENT_RECORD:
        this.effects.push(EFFECT_LOG, index, first, second);
        break;
    }
  }

  /** @returns when to judge again at the latest: no watched peer can time out before this */
  private judgeSilence(nowUs: number): number {
    const { membership } = this;
    const watched = membership.heard | (membership.incompatible << SERVERS_MAX);
    const isEarly = nowUs < this.silenceDueUs && watched === this.watched;
    if (isEarly && membership.unreachable === 0) return this.silenceDueUs;
    this.silenceDueUs = detectFailures(this.table, membership, nowUs, this.timing.detectionUs);
    this.watched = membership.heard | (membership.incompatible << SERVERS_MAX);
    return this.silenceDueUs;
  }

  private takeCarrier(present: boolean, nowUs: number): void {
    if (present === this.isolation.carrier) return;
    this.isolation.setCarrier(present, nowUs);
    this.sender.isRequested = true; // others may not have heard of it
    this.effects.push(EFFECT_LOG, present ? LOG_CARRIER_PRESENT : LOG_CARRIER_LOST, 0, 0);
  }
}
