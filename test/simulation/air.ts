/**
 * Datagrams on their way from one server to the others: what the networks let through, when it
 * arrives, and what an attacker adds.
 */
import { KeepAliveSeal } from "../../src/io/keep-alive-seal.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
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
import type { Random } from "./random.ts";

const NEVER = Number.POSITIVE_INFINITY;
const KEY = new Uint8Array(32).fill(7);

export class Air {
  readonly network: Network;
  readonly seal = new KeepAliveSeal(KEY);
  readonly attacker: Attacker;
  /** When each server's next turn is: a datagram that arrives brings it forward. */
  readonly due = new Float64Array(SERVERS_MAX).fill(NEVER);

  constructor(
    private readonly aircraft: Aircraft,
    private readonly random: Random,
    private readonly hosts: readonly Host[],
    readonly datagrams: Datagrams,
  ) {
    const { timing, networks } = aircraft;
    this.attacker = new Attacker(random);
    this.network = new Network(
      random,
      networks,
      Math.max(1, timing.detectionUs / timing.periodUs - 2),
    );
  }

  /** Sends what the server has composed to all others. */
  broadcast(from: number, message: KeepAliveMessage, nowUs: number): void {
    const buffer = this.datagrams.take();
    encodeKeepAlive(message, this.datagrams.view(buffer));
    if (this.attacker.listens()) {
      this.seal.seal(this.datagrams.content(buffer));
      this.attacker.record(this.datagrams.keep(buffer), nowUs);
    }
    for (let other = 0; other < this.hosts.length; other++) {
      if (other !== from) this.post(from, other, buffer, nowUs);
    }
    this.datagrams.sent(buffer);
  }

  private post(from: number, to: number, buffer: number, nowUs: number): void {
    const { network } = this;
    const fate = network.fate(from, to, nowUs);
    if (fate === LOST) return;
    if (fate === FLIPPED) {
      this.flip(from, to, buffer, nowUs);
      return;
    }
    for (let number = 0; number < network.networks; number++) {
      if (!network.isOpen(from, to, number)) continue;
      this.deliver(to, network.arrivalUs(from, to, number, nowUs), buffer, number, GENUINE);
      if (network.doubles()) {
        this.deliver(to, network.arrivalUs(from, to, number, nowUs + 50), buffer, number, GENUINE);
      }
    }
  }

  /** Sends a copy in which one bit is another. */
  private flip(from: number, to: number, buffer: number, nowUs: number): void {
    const { network, datagrams } = this;
    this.seal.seal(datagrams.content(buffer));
    const flipped = datagrams.copy(buffer);
    const bit = this.random.below(KEEP_ALIVE_BYTES * 8);
    datagrams.content(flipped)[bit >> 3] ^= 1 << (bit & 7);
    for (let number = 0; number < network.networks; number++) {
      if (!network.isOpen(from, to, number)) continue;
      this.deliver(to, network.arrivalUs(from, to, number, nowUs), flipped, number, TOUCHED);
    }
    datagrams.sent(flipped);
  }

  private deliver(to: number, atUs: number, buffer: number, number: number, kind: number): void {
    const host = this.hosts[to] as Host;
    if (host.engine === null) return;
    host.inboxes[number].push(atUs, buffer, kind);
    if (atUs >= this.due[to]) return;
    this.due[to] = Math.min(this.due[to], host.arrivalDueUs(atUs));
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
}
