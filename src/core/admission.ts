/**
 * Which datagrams count (P8; PROTOCOL.md, "Admission"). Seal and layout are sound; judged here is
 * whether the sender is alive now, in which incarnation, and whether it holds our table.
 */

import {
  COUNTER_ACCEPTED,
  COUNTER_DUPLICATE,
  COUNTER_REPLAY,
  COUNTER_SYSTEM,
  COUNTER_UNKNOWN,
  COUNTER_UNPROVEN,
} from "../boundary/counters.ts";
import type { EventQueue } from "../boundary/event-queue.ts";
import type { Identity } from "../boundary/identity.ts";
import { SERVER_UNKNOWN, SERVER_UNREACHABLE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { NETWORKS_MAX, REMEMBERED_S, SERVERS_MAX, SUCCESSION_PERIODS } from "../limits.ts";
import {
  MARK_CANDIDATE,
  MARK_INCOMPATIBLE,
  MARK_REPLAY_REFUSED,
  MARK_SUCCEEDED,
  MARK_TWIN,
  MARK_UNREACHABLE_RESTARTED,
  marks,
} from "../marks.ts";
import { FLAG_RELAYED, type KeepAliveMessage } from "../wire/keep-alive.ts";
import { AWAITS_ECHO, CHANGED, type Changes, NEVER } from "./changes.ts";
import { lowest, type Membership } from "./membership.ts";

const NOBODY = -1;
const REMEMBERED_US = REMEMBERED_S * 1_000_000;

export class Admission {
  /** Newest sequence number of each server on each network. */
  private readonly networkSequence = new Uint32Array(SERVERS_MAX * NETWORKS_MAX);
  // A newcomer that is not proven fresh: we echo it so that it can prove itself.
  private readonly candidate = new Uint32Array(SERVERS_MAX);
  private readonly candidateSequence = new Uint32Array(SERVERS_MAX);
  private readonly candidateHeardUs = new Float64Array(SERVERS_MAX).fill(Number.NEGATIVE_INFINITY);
  /** The server's departures when its candidate came: another departure ends the candidate. */
  private readonly candidateOfDeparture = new Uint32Array(SERVERS_MAX);
  /** When a datagram with our own index was last heard; −Infinity: never. */
  private twinHeardUs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly serverCount: number,
    private readonly identity: Identity,
    private readonly timing: Timing,
    private readonly membership: Membership,
    private readonly changes: Changes,
  ) {}

  /**
   * Takes the datagram in `slot` of the events if it counts.
   * @param sequenceFloor our sequence number of about one detection time ago: an echo of it or of a
   * later one is fresh
   * @returns the COUNTER_* under which it is counted; only COUNTER_ACCEPTED changes anything that
   * acts (P8)
   */
  accept(
    events: EventQueue,
    slot: number,
    network: number,
    nowUs: number,
    sequenceFloor: number,
  ): number {
    const { identity, membership } = this;
    const message = events.message(slot);
    if (message.systemId !== identity.systemId) return COUNTER_SYSTEM;
    const server = message.sender;
    if (server >= this.serverCount) return COUNTER_UNKNOWN;
    if (server === identity.self) return this.acceptOwnIndex(message, nowUs, sequenceFloor);
    const isOurTable =
      message.digestHigh === identity.digestHigh && message.digestLow === identity.digestLow;
    const isKnown = message.incarnation === membership.incarnation[server];
    if (!membership.isHeard(server)) {
      const isProven = isOurTable && (this.isNewer(message, nowUs) || this.isVouchedFor(message));
      if (!isProven && !this.isFresh(message, sequenceFloor))
        return this.acceptCandidate(message, nowUs);
      if (!isOurTable) return this.acceptIncompatible(events, slot, nowUs);
      if (!isKnown) this.begin(server, message.incarnation);
    } else if (!isOurTable) {
      // While it is heard, anything else with its index is a second box or a recording.
      return COUNTER_UNKNOWN;
    } else if (!isKnown) {
      // But after two missed keep-alives it may have restarted: its successor does not wait for the
      // detection time.
      const silentUs = nowUs - membership.lastHeardUs[server];
      if (silentUs < SUCCESSION_PERIODS * this.timing.periodUs) return COUNTER_UNKNOWN;
      if (!this.isFresh(message, sequenceFloor)) return this.acceptCandidate(message, nowUs);
      marks[MARK_SUCCEEDED]++;
      this.begin(server, message.incarnation);
    }
    if ((message.flags & FLAG_RELAYED) === 0 && !this.isNewOn(network, message, nowUs))
      return COUNTER_REPLAY;
    if (message.sequence <= membership.sequence[server]) return COUNTER_DUPLICATE;
    membership.take(events, slot, nowUs, sequenceFloor);
    return COUNTER_ACCEPTED;
  }

  /**
   * Proof that the sender is alive and hears us: it echoes what we sent within about the last
   * detection time. A recording cannot.
   */
  private isFresh(message: KeepAliveMessage, sequenceFloor: number): boolean {
    return message.echoes(this.identity.self, this.identity.incarnation, sequenceFloor);
  }

  /**
   * Proof without an echo: a server that has restarted listens, and this is newer than all that the
   * engine before had heard of the sender. So it knows a server that does not hear it.
   */
  private isNewer({ sender, incarnation, sequence }: KeepAliveMessage, nowUs: number): boolean {
    const { membership } = this;
    if (membership.isServing || membership.state[sender] !== SERVER_UNKNOWN) return false;
    if (nowUs - membership.lastHeardUs[sender] > REMEMBERED_US) return false;
    return incarnation === membership.incarnation[sender] && sequence > membership.sequence[sender];
  }

  /**
   * Proof by a third server: one that we hear has heard this incarnation, and nothing later than
   * this. So we know a server that does not hear us.
   */
  private isVouchedFor({ sender, incarnation, sequence }: KeepAliveMessage): boolean {
    for (let left = this.membership.heard; left !== 0; left &= left - 1) {
      const third = this.membership.latest(lowest(left));
      if (third.hears(sender, incarnation) && sequence >= third.heardSequence[sender]) return true;
    }
    return false;
  }

  private begin(server: number, incarnation: number): void {
    if (this.membership.state[server] === SERVER_UNREACHABLE) marks[MARK_UNREACHABLE_RESTARTED]++;
    this.membership.beginIncarnation(server, incarnation);
    this.candidate[server] = 0;
    this.candidateSequence[server] = 0;
    this.networkSequence.fill(0, server * NETWORKS_MAX, (server + 1) * NETWORKS_MAX);
  }

  /** Each network delivers an incarnation's messages in order: what comes again is a replay. */
  private isNewOn(network: number, message: KeepAliveMessage, nowUs: number): boolean {
    const { membership } = this;
    const copy = message.sender * NETWORKS_MAX + network;
    if (message.sequence <= this.networkSequence[copy]) {
      marks[MARK_REPLAY_REFUSED]++;
      return false;
    }
    this.networkSequence[copy] = message.sequence;
    if (message.sequence >= membership.sequence[message.sender])
      membership.directHeardUs[message.sender] = nowUs;
    return true;
  }

  /** A first contact or a recording: it gets our echo alone, by which a live one proves itself. */
  private acceptCandidate(message: KeepAliveMessage, nowUs: number): number {
    const server = message.sender;
    marks[MARK_CANDIDATE]++;
    this.candidateHeardUs[server] = nowUs;
    // alternating recordings are not answered at once
    if (this.candidateNow(server) === 0) this.changes.note(CHANGED | AWAITS_ECHO);
    this.candidate[server] = message.incarnation;
    this.candidateSequence[server] = message.sequence;
    this.candidateOfDeparture[server] = this.membership.departures[server];
    return message.heardIncarnation[this.identity.self] === 0 ? COUNTER_UNPROVEN : COUNTER_REPLAY;
  }

  /** Two boxes are configured as this server; each echoes the other, so that both learn of it. */
  private acceptOwnIndex(message: KeepAliveMessage, nowUs: number, sequenceFloor: number): number {
    const { incarnation, nonce } = this.identity;
    // our own, back from a joined network or a reflector
    if (message.incarnation === incarnation && message.nonce === nonce) return COUNTER_DUPLICATE;
    this.acceptCandidate(message, nowUs);
    marks[MARK_TWIN]++;
    if (this.isFresh(message, sequenceFloor)) {
      this.twinHeardUs = nowUs;
      this.changes.note(CHANGED);
    }
    return COUNTER_UNKNOWN;
  }

  /** Another table: never a peer, but named in a fault, and a reason for a newcomer to wait. */
  private acceptIncompatible(events: EventQueue, slot: number, nowUs: number): number {
    this.acceptCandidate(events.message(slot), nowUs);
    marks[MARK_INCOMPATIBLE]++;
    this.membership.takeIncompatible(events, slot, nowUs);
    return COUNTER_SYSTEM;
  }

  // ---- what the others are told

  private candidateNow(server: number): number {
    const isOver = this.candidateOfDeparture[server] !== this.membership.departures[server];
    return isOver ? 0 : this.candidate[server];
  }

  /** The incarnation that we echo: heard, or a newcomer's that must prove itself; 0: not heard. */
  echoIncarnation(server: number): number {
    const { membership } = this;
    return membership.isHeard(server) ? membership.incarnation[server] : this.candidateNow(server);
  }

  echoSequence(server: number): number {
    const { membership } = this;
    return membership.isHeard(server)
      ? membership.sequence[server]
      : this.candidateSequence[server];
  }

  /** A newcomer in the place of a server still heard, echoed beside it; −1: none. */
  successor(nowUs: number): number {
    for (let server = 0; server < this.serverCount; server++) {
      if (!this.membership.isHeard(server) || this.candidateNow(server) === 0) continue;
      if (nowUs - this.candidateHeardUs[server] < this.timing.detectionUs) return server;
    }
    return NOBODY;
  }

  echoSuccessor(message: KeepAliveMessage, nowUs: number): void {
    const server = this.successor(nowUs);
    message.successorServer = Math.max(0, server);
    message.successorIncarnation = server === NOBODY ? 0 : this.candidateNow(server);
    message.successorSequence = server === NOBODY ? 0 : this.candidateSequence[server];
  }

  // ---- what a newcomer has to know

  /** Somebody heard within `windowUs` has not yet proven to be a live server. */
  hearsCandidate(nowUs: number, windowUs: number): boolean {
    for (let server = 0; server < this.serverCount; server++) {
      if (server === this.identity.self || this.membership.isHeard(server)) continue;
      if (nowUs - this.candidateHeardUs[server] < windowUs) return true;
    }
    return false;
  }

  /** Another box sends as this server. */
  hearsTwin(nowUs: number): boolean {
    return nowUs - this.twinHeardUs < this.timing.detectionUs;
  }

  /** When a twin that fell silent is forgotten. */
  twinDueUs(nowUs: number): number {
    return this.hearsTwin(nowUs) ? this.twinHeardUs + this.timing.detectionUs : NEVER;
  }
}
