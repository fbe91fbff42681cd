/**
 * Immediate duties of a server, even where the other servers or its own kernel would prevent the
 * harm of an omission: each line of defence is judged separately, not only when all of them have
 * failed. Judged from outside: from what is sent, set and shown, and from what the networks have
 * delivered.
 */

import { hasFunction } from "../../src/allocation/function-bitmap.ts";
import { PHASE_ACTIVE, PHASE_DRAINING, PHASE_ISOLATED } from "../../src/boundary/phase.ts";
import { SERVER_ALIVE, SERVER_LOST, SERVER_UNREACHABLE } from "../../src/boundary/server-state.ts";
import type { Engine } from "../../src/core/engine.ts";
import { EXTRA_SENDS_MAX, SERVERS_MAX, UNREAD_TURNS_MAX } from "../../src/limits.ts";
import {
  decodeKeepAlive,
  FLAG_GOOD_BYE,
  KEEP_ALIVE_BYTES,
  KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import { GENUINE } from "./datagrams.ts";
import type { Host } from "./host.ts";
import { CLAIMED, JUDGED_SILENT, SERVES } from "./moments.ts";
import type { World } from "./world.ts";

/** A turn that nothing stops takes no longer between its first look at the clock and its news. */
const TURN_US_MAX = 3_000;

export class Conduct {
  /** When each server last sent a keep-alive of its own, on its clock. */
  private readonly saidUs = new Float64Array(SERVERS_MAX);
  /** Keep-alives that each has sent since its period began. */
  private readonly saidInPeriod = new Uint8Array(SERVERS_MAX);
  /** Whether the first one of the period is still to come. */
  private readonly isPeriodDue = new Uint8Array(SERVERS_MAX);
  /** Functions that the sender of the last message owns, according to it. */
  private readonly owns: Uint32Array[];
  /** Time of the world at which each server's turn began. */
  private readonly turnBeganUs = new Float64Array(SERVERS_MAX);
  /** Whether its lease had run out by then. What is renewed later may be over at once, by ticks. */
  private readonly hadNoLease = new Uint8Array(SERVERS_MAX);
  /** Turns in a row after whose reading a receive buffer held more. */
  private readonly unreadTurns = new Uint8Array(SERVERS_MAX);
  /** Mask of the servers that each one heard. */
  private readonly heard = new Uint16Array(SERVERS_MAX);
  /** Of these, those that it counted as alive. */
  private readonly alive = new Uint16Array(SERVERS_MAX);
  /** When each was last seen isolated, on its clock. */
  private readonly isolatedUs = new Float64Array(SERVERS_MAX);
  /**
   * Of each server, by each other: departures and incarnation when a recording was last to be
   * answered.
   */
  private readonly departures = new Int32Array(SERVERS_MAX * SERVERS_MAX);
  private readonly incarnations = new Float64Array(SERVERS_MAX * SERVERS_MAX);
  private readonly unread = new KeepAliveMessage();

  constructor(private readonly world: World) {
    const { wordCount } = world.aircraft.table;
    this.owns = world.hosts.map(() => new Uint32Array(wordCount));
  }

  private fail(property: string, message: string): never {
    return this.world.invariants.fail(property, message);
  }

  /** A new incarnation. */
  begin(host: Host): void {
    const at = host.index;
    this.saidUs[at] = host.local(this.world.nowUs);
    this.owns[at]?.fill(0);
    this.unreadTurns[at] = 0;
    this.heard[at] = 0;
    this.alive[at] = 0;
    this.isolatedUs[at] = Number.NEGATIVE_INFINITY;
    this.departures.fill(-1, at * SERVERS_MAX, (at + 1) * SERVERS_MAX);
  }

  beginTurn(host: Host, isPeriod: boolean): void {
    this.turnBeganUs[host.index] = this.world.nowUs;
    this.hadNoLease[host.index] = host.local(this.world.nowUs) >= host.leaseEndUs ? 1 : 0;
    if (isPeriod) this.isPeriodDue[host.index] = 1;
  }

  /** A keep-alive of the server's own goes out. */
  onKeepAlive(host: Host, engine: Engine, message: KeepAliveMessage): void {
    const at = host.index;
    const localUs = host.local(this.world.nowUs);
    const silentUs = localUs - this.saidUs[at];
    this.saidUs[at] = localUs;
    this.owns[at]?.set(message.owns);
    if (this.world.moments.isAwaited(CLAIMED)) this.noteClaim(host, message);
    const isPeriodic = this.isPeriodDue[at] !== 0;
    this.isPeriodDue[at] = 0;
    this.saidInPeriod[at] = isPeriodic ? 0 : Math.min(this.saidInPeriod[at] + 1, 255);
    // A server that was stopped in this turn ends it, and releases everything in the next.
    const wasStopped = host.turnsSincePause === 0;
    if (!engine.handover.sets.ownsAny || wasStopped || (message.flags & FLAG_GOOD_BYE) !== 0)
      return;
    if (silentUs > this.world.aircraft.timing.detectionUs + TURN_US_MAX)
      this.fail("stall", `s${at} was silent for ${silentUs / 1000} ms, and owns what it owned`);
    // One that was renewed in this turn ends, by ticks, as soon as it was renewed, but no sooner.
    const beganUs = host.local(this.turnBeganUs[at]);
    const hasNoLease = this.hadNoLease[at] !== 0 || host.leaseEndUs < beganUs;
    if (isPeriodic && this.world.hasLease && hasNoLease)
      this.fail("lease", `s${at} says what it owns, and its lease has run out`);
  }

  private noteClaim(host: Host, message: KeepAliveMessage): void {
    for (let index = 0; index < host.up.length; index++) {
      if (!hasFunction(message.claims, 0, index)) continue;
      this.world.moments.note(CLAIMED, host.index, this.world.kernels.ownerOf(index), index);
      return;
    }
  }

  /** The engine has an address set. Ownership is known before: the last keep-alive carried it. */
  onAdd(host: Host, index: number): void {
    const owns = this.owns[host.index] as Uint32Array;
    if (hasFunction(owns, 0, index)) return;
    if (this.saidInPeriod[host.index] >= EXTRA_SENDS_MAX) return; // it may not say so at once
    this.fail("told", `s${host.index} puts f${index} up before it has told that it owns it`);
  }

  /** The turn has read what had arrived. */
  onReceived(host: Host): void {
    let isAllRead = true;
    for (const inbox of host.inboxes) if (inbox.firstUs <= this.world.nowUs) isAllRead = false;
    const turns = this.unreadTurns[host.index];
    this.unreadTurns[host.index] = isAllRead ? 0 : Math.min(turns + 1, 255);
  }

  /** No server is judged silent whose message arrived before this turn and was not read. */
  onDecided(host: Host, engine: Engine): void {
    const { membership } = engine;
    const lost = this.heard[host.index] & ~membership.heard;
    this.heard[host.index] = membership.heard;
    const aliveBefore = this.alive[host.index];
    this.alive[host.index] = membership.heard & ~membership.joining;
    if (lost === 0 || this.unreadTurns[host.index] > UNREAD_TURNS_MAX) return;
    for (let server = 0; server < this.world.hosts.length; server++) {
      if ((lost & (1 << server)) === 0) continue;
      const state = membership.state[server];
      this.world.moments.note(JUDGED_SILENT, host.index, server);
      if (state !== SERVER_LOST && state !== SERVER_UNREACHABLE) continue;
      if (this.holdsNewsOf(host, engine, server))
        this.fail("silence", `s${host.index} judges s${server} silent without having read it`);
      if (state === SERVER_LOST && this.isHeardBy(aliveBefore, engine, server))
        this.fail("corroboration", `s${host.index} has lost s${server}, which others hear`);
    }
  }

  /** One of the servers, which is still alive, reports that it hears the server. */
  private isHeardBy(servers: number, { membership }: Engine, server: number): boolean {
    for (let other = 0; other < this.world.aircraft.serverCount; other++) {
      const hears =
        (servers & (1 << other)) !== 0 && (membership.hears[other] & (1 << server)) !== 0;
      if (membership.state[other] === SERVER_ALIVE && hears) return true;
    }
    return false;
  }

  /**
   * A recording of `peer` must be answered at once, like the first message of a newcomer. Only one
   * is, until the peer has come or gone: an attacker uses no more of the sends in a period.
   */
  onEchoOwed(host: Host, { membership }: Engine, peer: number): void {
    const place = host.index * SERVERS_MAX + peer;
    const departures = membership.departures[peer];
    const incarnation = membership.incarnation[peer];
    if (this.departures[place] === departures && this.incarnations[place] === incarnation)
      this.fail("P8", `s${host.index} answers recordings of s${peer}, one after the other`);
    this.departures[place] = departures;
    this.incarnations[place] = incarnation;
  }

  private holdsNewsOf(host: Host, { membership }: Engine, server: number): boolean {
    const { unread } = this;
    const { datagrams } = this.world.air;
    for (const inbox of host.inboxes) {
      for (let place = 0; place < inbox.count; place++) {
        if (inbox.arrivalUs(place) > this.turnBeganUs[host.index]) break;
        if (inbox.kindAt(place) !== GENUINE) continue;
        const view = datagrams.view(inbox.bufferAt(place));
        if (!decodeKeepAlive(view, KEEP_ALIVE_BYTES, unread) || unread.sender !== server) continue;
        if (unread.incarnation !== membership.incarnation[server]) continue;
        if (unread.sequence > membership.sequence[server]) return true;
      }
    }
    return false;
  }

  /** The engine has released everything, and ends: its kernel answers for nothing. */
  onLetGo(host: Host): void {
    const { nowUs, hasLease } = this.world;
    if (host.upCount > 0)
      this.fail("let go", `s${host.index} has let go of everything, and has addresses`);
    if (hasLease && host.local(nowUs) < host.leaseEndUs)
      this.fail("let go", `s${host.index} has let go of everything, and its lease runs`);
  }

  /** An isolated server listens again before it serves, unless it hears every server. */
  onPhase(host: Host, engine: Engine, before: number): void {
    const localUs = host.local(this.world.nowUs);
    const { phase, membership } = engine;
    if (phase === PHASE_ISOLATED) this.isolatedUs[host.index] = localUs;
    const serves = phase === PHASE_ACTIVE || phase === PHASE_DRAINING;
    if (!serves || before === PHASE_ACTIVE || before === PHASE_DRAINING) return;
    this.world.moments.note(SERVES, host.index);
    const listenedUs = localUs - this.isolatedUs[host.index];
    if (listenedUs >= this.world.aircraft.timing.detectionUs) return;
    for (let server = 0; server < this.world.hosts.length; server++) {
      if (server === host.index || membership.state[server] === SERVER_ALIVE) continue;
      this.fail("listening", `s${host.index} serves ${listenedUs / 1000} ms after its isolation`);
    }
  }
}
