/**
 * Which servers are on one network segment, so that at most one of them may answer for a VIP (P1).
 *
 * With a lease, two are on one segment while one still hears the other, from a time on at which
 * each heard the other: to a server that knows nothing of that, because its machine has started
 * since, what it hears may as well be a recording. One with another table proves with every message
 * that it is none. Nor does it count where a third server exchanges messages with one of the two
 * alone: the network is divided then, in part. Without a lease, nothing makes the server silent that is not heard: datagrams must
 * pass in both directions.
 *
 * After a cut has healed, both sides may answer until they have heard each other.
 */
import type { Timing } from "../../src/boundary/timing.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** How long two servers may both answer after a cut between them has healed: P1 of `wingman help properties`. */
export function healingUs({ detectionUs, periodUs }: Timing): number {
  return 2 * detectionUs + 8 * periodUs;
}

export class Segments {
  /** After a cut has healed, both sides may answer for so long. */
  healingUs: number;
  /** 1 for each direction that has been open without a break since both were, and is still. */
  private readonly isKept = new Uint8Array(SERVERS_MAX * SERVERS_MAX);

  constructor(private readonly world: World) {
    this.healingUs = healingUs(world.aircraft.timing);
    const { network } = world.air;
    network.onCut = (from, to) => this.onCut(from, to);
    network.onClosed = (from, to) => {
      this.isKept[from * SERVERS_MAX + to] = 0;
    };
  }

  /** @param isKnown it knows what the engine before had heard; nobody knows the new engine */
  onStart(host: Host, isKnown: boolean): void {
    for (let other = 0; other < SERVERS_MAX; other++) {
      this.isKept[host.index * SERVERS_MAX + other] = 0;
      if (!isKnown) this.isKept[other * SERVERS_MAX + host.index] = 0;
    }
  }

  private onCut(from: number, to: number): void {
    const { nowUs, hosts, air } = this.world;
    let sinceUs = air.network.joinedSinceUs(from, to);
    for (const { engine, startedUs, pausedUntilUs } of [hosts[from], hosts[to]] as [Host, Host])
      sinceUs = Math.max(sinceUs, engine === null ? nowUs : Math.max(startedUs, pausedUntilUs));
    if (nowUs - sinceUs < this.healingUs) return;
    this.isKept[from * SERVERS_MAX + to] = 1;
    this.isKept[to * SERVERS_MAX + from] = 1;
  }

  private isHeard(from: number, to: number): boolean {
    const { hasLease, nowUs, hosts } = this.world;
    const { network } = this.world.air;
    if (hosts[from]?.foreignTable !== hosts[to]?.foreignTable) return false;
    if (!hasLease || this.isKept[from * SERVERS_MAX + to] === 0) return false;
    if (network.isMissed(from, to, nowUs)) return false;
    for (let third = 0; third < hosts.length; third++) {
      if (third === from || third === to || !hosts[third]?.powered) continue;
      if (this.exchange(third, from) !== this.exchange(third, to)) return false;
    }
    return nowUs - network.heardSinceUs(from, to) >= this.healingUs;
  }

  private exchange(one: number, other: number): boolean {
    const sinceUs = this.world.air.network.joinedSinceUs(one, other);
    return this.world.nowUs - sinceUs >= this.healingUs;
  }

  /** Directly, or through a third server that flies, for long enough. */
  areJoined(one: number, other: number): boolean {
    const { nowUs, hosts } = this.world;
    if (this.exchange(one, other)) return true;
    if (this.isHeard(one, other) || this.isHeard(other, one)) return true;
    for (let via = 0; via < hosts.length; via++) {
      if (via === one || via === other) continue;
      const between = hosts[via] as Host;
      // Messages of another table are not sent on.
      const sameTable =
        between.foreignTable === hosts[one]?.foreignTable &&
        between.foreignTable === hosts[other]?.foreignTable;
      if (between.engine === null || !sameTable) continue;
      if (nowUs - Math.max(between.startedUs, between.pausedUntilUs) < this.healingUs) continue;
      if (this.exchange(one, via) && this.exchange(via, other)) return true;
    }
    return false;
  }
}
