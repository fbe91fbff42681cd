/**
 * Datagrams in transit between servers: which ones the networks deliver and when, and what an
 * attacker adds.
 */

import type { Timing } from "../../src/boundary/timing.ts";
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { LEASE_LATENESS_MS, SERVERS_MAX } from "../../src/limits.ts";
import {
  encodeKeepAlive,
  KEEP_ALIVE_BYTES,
  type KeepAliveMessage,
} from "../../src/wire/keep-alive.ts";
import type { Aircraft } from "./aircraft.ts";
import { Attacker } from "./attacker.ts";
import { type Datagrams, GENUINE, RECORDING, TOUCHED } from "./datagrams.ts";
import type { Host } from "./host.ts";
import { FLIPPED, LOST, Network } from "./network.ts";
import type { Chance } from "./random.ts";

const NEVER = Number.POSITIVE_INFINITY;
const NONE = -1;

// States of a message at one server that it was sent to.
const ON_ITS_WAY = 0;
/** A receive buffer had room for it. */
const IN = 1;
/** None had. */
const KEPT_OUT = 2;

const KEY = new Uint8Array(32).fill(7);

/**
 * The filter of a test: called for every datagram on its way from one place to another, false drops
 * it. The bytes are only there during the call.
 */
export type Filter = (from: number, to: number, network: number, datagram: DataView) => boolean;

export class Air {
  readonly network: Network;
  readonly seal = new KeepAliveSeal(KEY);
  readonly attacker: Attacker;
  /** When each server's next turn is: a datagram that arrives brings it forward. */
  readonly due = new Float64Array(SERVERS_MAX).fill(NEVER);
  filter: Filter | null = null;

  /** The last message, and its fate on the way to each server. */
  private buffer = NONE;
  private readonly fates = new Uint8Array(SERVERS_MAX);
  private readonly flipped = new Int32Array(SERVERS_MAX);
  /** Its sender, its time, and whether it came in. */
  private from = 0;
  private composedUs = 0;
  private readonly outcome = new Uint8Array(SERVERS_MAX);

  constructor(
    private readonly aircraft: Aircraft,
    private readonly random: Chance,
    private readonly hosts: readonly Host[],
    readonly datagrams: Datagrams,
  ) {
    const { timing, networks } = aircraft;
    this.attacker = new Attacker(random);
    this.network = new Network(
      random,
      networks,
      Math.max(1, timing.detectionUs / timing.periodUs - 2),
      timing.leaseUs === 0 ? timing.detectionUs - 2 * timing.periodUs : NEVER,
      timing.leaseUs === 0 ? 1 : bridgedPeriodsOf(timing),
      timing.periodUs,
    );
  }

  /** The server has composed a message: what becomes of it on its way to each of the others. */
  compose(from: number, message: KeepAliveMessage, nowUs: number): void {
    this.release();
    this.buffer = this.hold(this.datagrams.take());
    this.from = from;
    this.composedUs = nowUs;
    encodeKeepAlive(message, this.datagrams.view(this.buffer));
    if (this.attacker.listens()) {
      this.seal.seal(this.datagrams.content(this.buffer));
      this.attacker.record(this.datagrams.keep(this.buffer), nowUs);
    }
    for (let other = 0; other < this.hosts.length; other++) {
      if (other === from) continue;
      const fate = this.network.fate(from, other, nowUs);
      this.fates[other] = fate;
      if (fate === FLIPPED) this.flipped[other] = this.flip();
    }
  }

  /** Sends what was composed last on one of the networks. */
  send(from: number, number: number, nowUs: number): void {
    const { network, fates } = this;
    for (let to = 0; to < this.hosts.length; to++) {
      if (to === from || fates[to] === LOST || !network.isOpen(from, to, number)) continue;
      const isFlipped = fates[to] === FLIPPED;
      if (!isFlipped && network.losesCopy(from, to, number)) continue;
      const buffer = isFlipped ? this.flipped[to] : this.buffer;
      const kind = isFlipped ? TOUCHED : GENUINE;
      if (this.filter?.(from, to, number, this.datagrams.view(buffer)) === false) {
        network.onTrouble(from, to);
        continue;
      }
      const isIn = this.deliver(
        to,
        network.arrivalUs(from, to, number, nowUs),
        buffer,
        number,
        kind,
      );
      if (isIn) this.outcome[to] = IN;
      else if (!isFlipped && this.outcome[to] !== IN) this.outcome[to] = KEPT_OUT;
      if (!isFlipped && network.doubles())
        this.deliver(to, network.arrivalUs(from, to, number, nowUs + 50), buffer, number, kind);
    }
  }

  /**
   * The last message is on its way, to all its targets. If it came in by none of the networks, a
   * flood has kept it out.
   */
  private release(): void {
    if (this.buffer === NONE) return;
    this.datagrams.release(this.buffer);
    for (let other = 0; other < this.hosts.length; other++) {
      if (this.outcome[other] === KEPT_OUT)
        this.network.noteOverflow(this.from, other, this.composedUs);
      this.outcome[other] = ON_ITS_WAY;
      if (this.fates[other] !== FLIPPED) continue;
      this.datagrams.release(this.flipped[other]);
      this.fates[other] = LOST;
    }
  }

  /** The buffer is not used for another one until it is released. */
  private hold(buffer: number): number {
    this.datagrams.hold(buffer);
    return buffer;
  }

  /** A copy of what was composed in which one bit is another. */
  private flip(): number {
    const { datagrams } = this;
    this.seal.seal(datagrams.content(this.buffer));
    const flipped = this.hold(datagrams.copy(this.buffer));
    const bit = this.random.below(KEEP_ALIVE_BYTES * 8);
    datagrams.content(flipped)[bit >> 3] ^= 1 << (bit & 7);
    return flipped;
  }

  /** @returns false when the receive buffer has no room for it */
  private deliver(to: number, atUs: number, buffer: number, number: number, kind: number): boolean {
    const host = this.hosts[to] as Host;
    if (host.engine === null) return true; // nobody is there
    if (!host.inboxes[number].push(atUs, buffer, kind)) return false;
    if (atUs < this.due[to]) this.due[to] = Math.min(this.due[to], host.arrivalDueUs(atUs));
    return true;
  }

  /** A datagram that no server has just sent arrives now. */
  inject(to: number, datagram: DataView, number: number, nowUs: number): void {
    const { datagrams } = this;
    const bytes = new Uint8Array(datagram.buffer, datagram.byteOffset, KEEP_ALIVE_BYTES);
    const buffer = datagrams.put(bytes);
    this.deliver(to, nowUs, buffer, number, GENUINE);
    datagrams.sent(buffer);
  }

  /**
   * The attacker sends some datagrams to everybody: recordings as they were, or changed without the
   * key.
   */
  attack(forge: boolean, count: number, nowUs: number): void {
    const { attacker, network, datagrams } = this;
    for (let sent = 0; sent < count; sent++) {
      const bytes = forge
        ? attacker.forge()
        : attacker.replay(nowUs - 4 * this.aircraft.timing.detectionUs);
      if (bytes === null) continue;
      const buffer = datagrams.put(bytes);
      for (let to = 0; to < this.hosts.length; to++) {
        const number = this.random.below(network.networks);
        this.deliver(to, nowUs + 60, buffer, number, forge ? TOUCHED : RECORDING);
      }
      datagrams.sent(buffer);
    }
  }

  /**
   * Somebody without the key sends as fast as a link is: `count` datagrams arrive at one server.
   */
  flood(to: number, number: number, count: number, kind: number, nowUs: number): void {
    const buffer = this.datagrams.take();
    this.network.onTrouble();
    for (let sent = 0; sent < count; sent++) this.deliver(to, nowUs, buffer, number, kind);
    this.datagrams.sent(buffer);
  }
}

/**
 * Keep-alives that may be lost in a row in both directions: boundary/timing leaves a server out
 * only after a period of silence more. More than these count as a divided network.
 */
function bridgedPeriodsOf({ silentUs, periodUs }: Timing): number {
  return Math.floor((silentUs - 500 * LEASE_LATENESS_MS) / periodUs) - 1;
}
