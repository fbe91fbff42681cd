/**
 * Which servers are on one network segment, so that at most one of them may answer for a VIP (P1).
 *
 * With a lease, two are on one segment while one still hears the other, from a time on at which
 * each heard the other. Only then can a server prove that it is fresh: what a server says that has
 * started since, or was gone for a while, may as well be a recording; and one with another table
 * proves it with every message. Without a lease, nothing makes the server silent that is not heard:
 * datagrams must pass in both directions.
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

  /** Nobody has heard it, and it has heard nobody. */
  onStart(host: Host): void {
    for (let other = 0; other < SERVERS_MAX; other++) {
      this.isKept[host.index * SERVERS_MAX + other] = 0;
      this.isKept[other * SERVERS_MAX + host.index] = 0;
    }
  }

  private onCut(from: number, to: number): void {
    const { nowUs, hosts, air } = this.world;
    let sinceUs = air.network.joinedSinceUs(from, to);
    for (const { engine, startedUs } of [hosts[from], hosts[to]] as [Host, Host])
      sinceUs = Math.max(sinceUs, engine === null ? nowUs : startedUs);
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
    return nowUs - network.heardSinceUs(from, to) >= this.healingUs;
  }

  /** Directly, or through a third server that flies, for long enough. */
  areJoined(one: number, other: number): boolean {
    const { nowUs, hosts } = this.world;
    const { network } = this.world.air;
    if (nowUs - network.joinedSinceUs(one, other) >= this.healingUs) return true;
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
      if (nowUs - network.joinedSinceUs(one, via) < this.healingUs) continue;
      if (nowUs - network.joinedSinceUs(via, other) >= this.healingUs) return true;
    }
    return false;
  }
}
