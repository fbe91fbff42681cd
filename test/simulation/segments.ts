/**
 * Which servers are on one network segment, so that at most one of them may answer for a VIP (P1).
 *
 * With a lease, two are on one segment while one still hears the other, from a time on at which
 * each heard the other: to a server that knows nothing of that, because its machine has started
 * since, what it hears may as well be a recording. One with another table proves with every message
 * that it is none; and a third server that is heard vouches for one that it hears. Without a lease,
 * nothing makes the server silent that is not heard: datagrams must pass in both directions.
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
    this.learn();
    const { nowUs, hosts, air } = this.world;
    let sinceUs = air.network.joinedSinceUs(from, to);
    for (const { engine, startedUs, pausedUntilUs } of [hosts[from], hosts[to]] as [Host, Host])
      sinceUs = Math.max(sinceUs, engine === null ? nowUs : Math.max(startedUs, pausedUntilUs));
    if (nowUs - sinceUs < this.healingUs) return;
    this.isKept[from * SERVERS_MAX + to] = 1;
    this.isKept[to * SERVERS_MAX + from] = 1;
  }

  /** What others vouch for now is known from now on. */
  learn(): void {
    const { length } = this.world.hosts;
    for (let from = 0; from < length; from++)
      for (let to = 0; to < length; to++)
        if (this.isVouchedFor(from, to)) this.isKept[from * SERVERS_MAX + to] = 1;
  }

  private isHeard(from: number, to: number): boolean {
    const isKnown = this.isKept[from * SERVERS_MAX + to] === 1 || this.isVouchedFor(from, to);
    return isKnown && this.passes(from, to);
  }

  /** A server that is heard exchanges messages with the sender, and so tells that it is alive. */
  private isVouchedFor(from: number, to: number): boolean {
    const { hosts } = this.world;
    if (from === to || !this.flies(from) || !this.flies(to) || !this.passes(from, to)) return false;
    for (let via = 0; via < hosts.length; via++) {
      if (via === from || via === to || !this.flies(via)) continue;
      const isHeard = this.isKept[via * SERVERS_MAX + to] === 1 && this.passes(via, to);
      if (isHeard && this.exchange(from, via)) return true;
    }
    return false;
  }

  private passes(from: number, to: number): boolean {
    const { hasLease, nowUs, hosts, air } = this.world;
    if (!hasLease || hosts[from]?.foreignTable !== hosts[to]?.foreignTable) return false;
    if (air.network.isMissed(from, to, nowUs)) return false;
    return nowUs - air.network.heardSinceUs(from, to) >= this.healingUs;
  }

  /** Its engine has run for long enough. */
  private flies(server: number): boolean {
    const { engine, startedUs, pausedUntilUs } = this.world.hosts[server] as Host;
    return (
      engine !== null && this.world.nowUs - Math.max(startedUs, pausedUntilUs) >= this.healingUs
    );
  }

  private exchange(one: number, other: number): boolean {
    const sinceUs = this.world.air.network.joinedSinceUs(one, other);
    return this.world.nowUs - sinceUs >= this.healingUs;
  }

  /** Directly, or through a third server that flies, for long enough. */
  areJoined(one: number, other: number): boolean {
    const { hosts } = this.world;
    if (this.exchange(one, other)) return true;
    if (this.isHeard(one, other) || this.isHeard(other, one)) return true;
    for (let via = 0; via < hosts.length; via++) {
      if (via === one || via === other) continue;
      const between = hosts[via] as Host;
      // Messages of another table are not sent on.
      const sameTable =
        between.foreignTable === hosts[one]?.foreignTable &&
        between.foreignTable === hosts[other]?.foreignTable;
      if (!sameTable || !this.flies(via)) continue;
      if (this.exchange(one, via) && this.exchange(via, other)) return true;
    }
    return false;
  }
}
