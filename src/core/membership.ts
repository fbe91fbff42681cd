/**
 * Which servers there are, as this one hears them (patent [0027]; PROTOCOL.md, "Membership").
 *
 * Nobody keeps a common list: each server listens for itself. Every message says all about its
 * sender, so the newest one is all there is to know of it, and makes good the ones that were lost.
 *
 * The rule: one row per configured server holds its newest message and what we conclude from it. The
 * row counts while the server is heard, or others hear it. core/admission decides which messages
 * count; core/failure-detector judges silence.
 */

import { hasFunction } from "../allocation/function-bitmap.ts";
import type { FunctionTable } from "../allocation/function-table.ts";
import type { EventQueue } from "../boundary/event-queue.ts";
import type { Identity } from "../boundary/identity.ts";
import { PHASE_ACTIVE, PHASE_LISTENING } from "../boundary/phase.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_JOINING,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_SELF,
  SERVER_UNKNOWN,
  SERVER_UNREACHABLE,
} from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { DIRECT_LATE_MS, SERVERS_MAX } from "../limits.ts";
import { MARK_DEAF_PEER, MARK_EXCUSED, MARK_HELD, marks } from "../marks.ts";
import {
  FLAG_DRAINING,
  FLAG_GOOD_BYE,
  FLAG_LEASE,
  FLAG_OWNS,
  FLAG_PASSIVE,
  FLAG_RELAYED,
  FLAG_TICKS,
  FLAG_WITNESS,
  KeepAliveMessage,
} from "../wire/keep-alive.ts";
import {
  ALWAYS,
  AWAITS_ECHO,
  CHANGED,
  CHANGED_CANNOT_RUN,
  CHANGED_MOVES,
  type Changes,
  NEVER,
} from "./changes.ts";

/** Index of the lowest server in a mask that is not empty. */
export function lowest(servers: number): number {
  return 31 - Math.clz32(servers & -servers);
}

/** Flags that say nothing about the server's state. */
const FLAGS_OF_NO_STATE = FLAG_RELAYED | FLAG_OWNS | FLAG_WITNESS;

export class Membership {
  readonly state = new Uint8Array(SERVERS_MAX);
  readonly incarnation = new Uint32Array(SERVERS_MAX);
  /** The newest message taken from each server. */
  readonly newest: KeepAliveMessage[] = [];
  /** Its sequence number; 0: nothing of the present incarnation was taken yet. */
  readonly sequence = new Uint32Array(SERVERS_MAX);
  readonly lastHeardUs = new Float64Array(SERVERS_MAX);
  /** When the server was first heard, or again after a long silence, and when that had begun. */
  readonly contactUs = new Float64Array(SERVERS_MAX);
  readonly silentSinceUs = new Float64Array(SERVERS_MAX);
  /** When all arrivals were last read: nothing is known of silence since then. */
  readUs = 0;
  /** When a datagram was last heard from the server itself, not relayed by another. */
  readonly directHeardUs = new Float64Array(SERVERS_MAX);
  /** The part of its silence that is ours: this loop was late. */
  readonly excusedUs = new Float64Array(SERVERS_MAX);
  /** Until when a server that fell silent may still answer for what it owned, under its lease. */
  readonly answersUntilUs = new Float64Array(SERVERS_MAX);
  /** Our newest sequence number that the server echoes; 0: it does not hear this incarnation. */
  readonly echoedSequence = new Uint32Array(SERVERS_MAX);
  /** The last such echo since it is heard, kept when it stops hearing us; 0: none. */
  readonly lastEchoed = new Uint32Array(SERVERS_MAX);
  /** Since when a server that is heard does not hear us. */
  readonly deafSinceUs = new Float64Array(SERVERS_MAX);
  /** Mask of the servers that each server hears, in the incarnation that we know. */
  readonly hears = new Uint16Array(SERVERS_MAX);
  /** How often each server was lost or left. */
  readonly departures = new Uint32Array(SERVERS_MAX);
  private readonly joinSinceUs = new Float64Array(SERVERS_MAX);
  private readonly inARow = new Int32Array(SERVERS_MAX);

  // Masks of the servers in these states; `heard` are those alive or joining.
  heard = 0;
  joining = 0;
  unreachable = 0;
  incompatible = 0;
  /** Those joining that came when this server was already serving. */
  newcomers = 0;
  /** This server takes part. */
  isServing = false;

  constructor(
    private readonly table: FunctionTable,
    private readonly identity: Identity,
    private readonly timing: Timing,
    private readonly changes: Changes,
  ) {
    this.state.fill(SERVER_UNKNOWN);
    this.state[identity.self] = SERVER_SELF;
    this.incarnation[identity.self] = identity.incarnation;
    for (let server = 0; server < SERVERS_MAX; server++) {
      this.newest.push(new KeepAliveMessage(table.serverCount, table.wordCount));
    }
  }

  // ---- what is known

  /** Heard now, with a table like ours. */
  isHeard(server: number): boolean {
    return (this.heard & (1 << server)) !== 0;
  }

  /** Mask of the servers whose last message counts: they are heard, or others hear them. */
  get counting(): number {
    return this.heard | this.unreachable;
  }

  counts(server: number): boolean {
    return (this.counting & (1 << server)) !== 0;
  }

  /** The server says that the function's VIPs may be up there. */
  owns(server: number, index: number): boolean {
    return this.counts(server) && hasFunction(this.latest(server).owns, 0, index);
  }

  /** The server is about to take the function. */
  claims(server: number, index: number): boolean {
    return this.counts(server) && hasFunction(this.latest(server).claims, 0, index);
  }

  /** The server claims the function and has room for it, or owns it and its process can be used. */
  isReadyFor(server: number, index: number): boolean {
    return this.counts(server) && hasFunction(this.latest(server).ready, 0, index);
  }

  /** The server fell silent, and may still answer for the function or take up its claim. */
  mayAnswer(server: number, index: number, nowUs: number): boolean {
    if (nowUs >= this.answersUntilUs[server] || this.counts(server)) return false;
    marks[MARK_HELD]++;
    const { owns, claims } = this.latest(server);
    return hasFunction(owns, 0, index) || hasFunction(claims, 0, index);
  }

  /** A newcomer that only listens yet: this server was serving before it came. */
  isOnlyBeginning(server: number): boolean {
    return (this.newcomers & (1 << server)) !== 0 && this.phase(server) === PHASE_LISTENING;
  }

  cannotRun(server: number, index: number): boolean {
    return this.counts(server) && hasFunction(this.latest(server).cannotRun, 0, index);
  }

  /** The move that the server was asked for: function index + 1; 0: none. */
  moveFunction(server: number): number {
    return this.counts(server) ? this.latest(server).moveFunction : 0;
  }

  phase(server: number): number {
    return this.latest(server).phase;
  }

  latest(server: number): KeepAliveMessage {
    return this.newest[server] as KeepAliveMessage;
  }

  /** Heard, but does not hear us: it decides without what we say. */
  isDeafToUs(server: number): boolean {
    if (!this.isHeard(server) || this.echoedSequence[server] !== 0) return false;
    marks[MARK_DEAF_PEER]++;
    return true;
  }

  /** Alive or heard by others, and by its own word able to take functions (patent [0034]). */
  isOperable(server: number): boolean {
    const state = this.state[server];
    const isThere = state === SERVER_ALIVE || state === SERVER_UNREACHABLE;
    return isThere && this.takesFunctions(server);
  }

  /** By its own word: not draining, not held back, not cut off. */
  takesFunctions(server: number): boolean {
    const { flags, phase } = this.latest(server);
    if ((flags & (FLAG_DRAINING | FLAG_PASSIVE)) !== 0) return false;
    return phase === PHASE_ACTIVE || phase === PHASE_LISTENING;
  }

  /** Mask of the servers heard now whose own datagrams reach us. */
  directMask(nowUs: number): number {
    const windowUs = this.timing.periodUs + DIRECT_LATE_MS * 1000;
    let mask = 0;
    for (let server = 0; server < this.table.serverCount; server++) {
      if (this.isHeard(server) && nowUs - this.directHeardUs[server] < windowUs)
        mask |= 1 << server;
    }
    return mask;
  }

  /** A joining server is counted and timed in every step. */
  get dueUs(): number {
    return this.joining === 0 ? NEVER : ALWAYS;
  }

  // ---- what changes

  /**
   * This loop was late: what it did not hear meanwhile is not held against the others. The excuse
   * is at most one detection time per silence, so a loop that is always late still sees failures.
   */
  excuse(lateUs: number): void {
    marks[MARK_EXCUSED]++;
    for (let server = 0; server < this.table.serverCount; server++) {
      this.excusedUs[server] = Math.min(this.excusedUs[server] + lateUs, this.timing.detectionUs);
    }
  }

  setState(server: number, state: number): void {
    if (this.state[server] === state) return;
    const bit = 1 << server;
    const counted = this.counts(server);
    this.state[server] = state;
    const isHeard = state === SERVER_ALIVE || state === SERVER_JOINING;
    this.heard = isHeard ? this.heard | bit : this.heard & ~bit;
    this.joining = state === SERVER_JOINING ? this.joining | bit : this.joining & ~bit;
    this.unreachable =
      state === SERVER_UNREACHABLE ? this.unreachable | bit : this.unreachable & ~bit;
    this.incompatible =
      state === SERVER_INCOMPATIBLE ? this.incompatible | bit : this.incompatible & ~bit;
    this.newcomers = (this.newcomers & ~bit) | (this.isServing ? this.joining & bit : 0);
    if (state === SERVER_LOST || state === SERVER_LEAVING) this.departures[server]++;
    // Our view goes out at once: others need it to corroborate.
    let changes = CHANGED | AWAITS_ECHO;
    if (counted && this.latest(server).moveFunction !== 0) changes |= CHANGED_MOVES;
    if (!this.counts(server)) {
      if (counted && this.latest(server).saysItCannot()) changes |= CHANGED_CANNOT_RUN;
      this.echoedSequence[server] = 0;
      this.lastEchoed[server] = 0;
      this.hears[server] = 0;
      this.inARow[server] = 0;
    }
    this.changes.note(changes);
  }

  /** Nobody hears the server any more. */
  fallSilent(server: number, nowUs: number): void {
    const { holdUs, holdTicksUs } = this.timing;
    const { flags } = this.latest(server);
    if ((flags & FLAG_LEASE) !== 0)
      this.answersUntilUs[server] = nowUs + ((flags & FLAG_TICKS) === 0 ? holdUs : holdTicksUs);
    this.setState(server, SERVER_LOST);
  }

  /** Another incarnation of the server is the one that counts from now on. */
  beginIncarnation(server: number, incarnation: number): void {
    if (this.counts(server)) this.setState(server, SERVER_LOST); // the old one is gone
    this.answersUntilUs[server] = 0; // its start removed what the old one had up
    this.incarnation[server] = incarnation;
    this.sequence[server] = 0;
    this.directHeardUs[server] = Number.NEGATIVE_INFINITY;
  }

  /** Something is owned here from now on: whoever lost us before never knew of it. */
  forgetDeaf(): void {
    for (let server = 0; server < SERVERS_MAX; server++)
      if (this.echoedSequence[server] === 0) this.lastEchoed[server] = 0;
  }

  /** Takes a message that counts, and hands the slot the one before. */
  take(events: EventQueue, slot: number, nowUs: number, sequenceFloor: number): void {
    const message = events.message(slot);
    const server = message.sender;
    const inARow = message.sequence === this.sequence[server] + 1;
    this.sequence[server] = message.sequence;
    const wasHeard = this.isHeard(server);
    this.noteHeard(server, nowUs, wasHeard);
    let changes = this.compare(this.latest(server), message, this.counts(server));
    let echoed = message.echoOf(this.identity.self, this.identity.incarnation);
    // One that was deaf echoes a recording of ours, and does not hear us yet.
    if (this.echoedSequence[server] === 0 && echoed < sequenceFloor) echoed = 0;
    if (!wasHeard || (echoed === 0) !== (this.echoedSequence[server] === 0)) {
      this.deafSinceUs[server] = nowUs;
      changes |= CHANGED;
    }
    this.echoedSequence[server] = echoed;
    if (echoed !== 0) this.lastEchoed[server] = echoed;
    this.hears[server] = this.viewOf(message);
    this.changes.note(changes);
    if ((message.flags & FLAG_GOOD_BYE) !== 0) this.setState(server, SERVER_LEAVING);
    else this.countTowardsRecovery(server, inARow, nowUs);
    this.newest[server] = events.exchange(slot, this.latest(server));
  }

  /** Takes a message of a server with another table: no peer, but present, or leaving. */
  takeIncompatible(events: EventQueue, slot: number, nowUs: number): void {
    const message = events.message(slot);
    const server = message.sender;
    const before = this.latest(server);
    // Overtaken on its way: out of date.
    if (message.incarnation === before.incarnation && message.sequence <= before.sequence) return;
    this.noteHeard(server, nowUs, this.state[server] === SERVER_INCOMPATIBLE);
    const leaves = (message.flags & FLAG_GOOD_BYE) !== 0;
    this.setState(server, leaves ? SERVER_LEAVING : SERVER_INCOMPATIBLE);
    this.echoedSequence[server] = message.echoOf(this.identity.self, this.identity.incarnation);
    this.lastEchoed[server] = this.echoedSequence[server];
    this.incarnation[server] = 0; // with our table it must begin anew
    this.newest[server] = events.exchange(slot, this.latest(server));
  }

  private noteHeard(server: number, nowUs: number, wasThere: boolean): void {
    const silentUs = this.readUs - this.lastHeardUs[server];
    if (!wasThere || silentUs >= this.timing.silentUs) {
      this.contactUs[server] = nowUs;
      this.silentSinceUs[server] = this.lastHeardUs[server];
    }
    this.lastHeardUs[server] = nowUs;
    this.excusedUs[server] = 0;
  }

  /** @returns mask of what the message changes; `counted`: the message before counted */
  private compare(before: KeepAliveMessage, now: KeepAliveMessage, counted: boolean): number {
    let changes = 0;
    if (before.phase !== now.phase || before.assignmentDigest !== now.assignmentDigest)
      changes |= CHANGED;
    if ((now.flags & FLAG_GOOD_BYE) !== 0) return changes; // nothing else in it counts
    const flags = before.flags ^ now.flags;
    if ((flags & FLAG_WITNESS) !== 0) changes |= CHANGED;
    if ((flags & ~FLAGS_OF_NO_STATE) !== 0) changes |= CHANGED | AWAITS_ECHO;
    for (let word = 0; word < this.table.wordCount; word++) {
      if (now.claims[word] !== (counted ? before.claims[word] : 0))
        changes |= CHANGED | AWAITS_ECHO;
      if (now.owns[word] !== (counted ? before.owns[word] : 0)) changes |= CHANGED;
      if (now.ready[word] !== (counted ? before.ready[word] : 0)) changes |= CHANGED;
      if (now.cannotRun[word] !== (counted ? before.cannotRun[word] : 0))
        changes |= CHANGED | CHANGED_CANNOT_RUN | AWAITS_ECHO;
    }
    if (now.inputs !== (counted ? before.inputs : 0)) changes |= CHANGED | CHANGED_CANNOT_RUN;
    if (now.move !== (counted ? before.move : 0)) changes |= CHANGED | CHANGED_MOVES;
    return changes;
  }

  private viewOf(message: KeepAliveMessage): number {
    let hears = 0;
    for (let other = 0; other < this.table.serverCount; other++) {
      if (message.hears(other, this.incarnation[other])) hears |= 1 << other;
    }
    return hears;
  }

  private countTowardsRecovery(server: number, inARow: boolean, nowUs: number): void {
    const state = this.state[server];
    if (state === SERVER_ALIVE) return;
    // Others heard it all the time.
    if (state === SERVER_UNREACHABLE) this.setState(server, SERVER_ALIVE);
    else if (state === SERVER_JOINING && inARow) this.inARow[server]++;
    else {
      this.setState(server, SERVER_JOINING);
      this.joinSinceUs[server] = nowUs;
      this.inARow[server] = 1;
    }
  }

  /**
   * Promotes joining servers that were heard for long enough and hear us: recovery (patent [0038],
   * [0045]). @returns whether there was one
   */
  promoteAll(nowUs: number): boolean {
    let any = false;
    for (let left = this.joining; left !== 0; left &= left - 1) {
      const server = lowest(left);
      if (!this.isRecovered(server, nowUs)) continue;
      this.setState(server, SERVER_ALIVE);
      any = true;
    }
    return any;
  }

  private isRecovered(server: number, nowUs: number): boolean {
    const { recoveredAfter, periodUs } = this.timing;
    return (
      this.echoedSequence[server] !== 0 &&
      this.inARow[server] >= recoveredAfter &&
      nowUs - this.joinSinceUs[server] >= (recoveredAfter - 1) * periodUs
    );
  }
}
