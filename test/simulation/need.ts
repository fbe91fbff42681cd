/**
 * No server lets go of everything needlessly. A server that does is away until its engine has
 * restarted, with everything that it runs. So a single trouble must not bring it that far, unless
 * it hits that very server, or separates it from others so that they take over.
 *
 * A trouble is any instantaneous event that may cost a server an echo: a datagram is lost, a cut
 * begins or ends, a server is stopped, is killed or starts. What happens between two servers
 * concerns these two, and those whose messages are relayed; everything else concerns everybody.
 * What the links do at one instant is one trouble. Each stop, end or start of a server is its own.
 * Lasting conditions are judged at the time when the server lets go.
 */

import { LEASE_LATENESS_MS, SERVERS_MAX } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Datagrams that are in transit for longer than this count as lost. */
const TRANSIT_US_MAX = 500;
/** Half of the allowed lateness is for the silent server, half for the waiting one. */
const LATENESS_US = (LEASE_LATENESS_MS * 1000) / 2;
const EVERYBODY = -1;

export class Need {
  /** When the last two troubles of each server happened. */
  private readonly lastUs = new Float64Array(SERVERS_MAX).fill(Number.NEGATIVE_INFINITY);
  private readonly beforeUs = new Float64Array(SERVERS_MAX).fill(Number.NEGATIVE_INFINITY);
  /** 1 where the last trouble was one of the links. */
  private readonly lastOfLinks = new Uint8Array(SERVERS_MAX);
  /** Number of releases although one fault at most had happened. */
  judged = 0;

  constructor(private readonly world: World) {}

  /** Something happens now that may cost somebody its lease; between two servers, or to all. */
  trouble(one = EVERYBODY, other = EVERYBODY): void {
    const { nowUs, hosts } = this.world;
    const ofLinks = one === EVERYBODY ? 0 : 1;
    for (let at = 0; at < hosts.length; at++) {
      if (ofLinks && this.lastOfLinks[at] && nowUs === this.lastUs[at]) continue;
      const concerns = one === EVERYBODY || at === one || at === other || this.isRelayed(at);
      if (!concerns) continue;
      this.beforeUs[at] = this.lastUs[at];
      this.lastUs[at] = nowUs;
      this.lastOfLinks[at] = ofLinks;
    }
  }

  /** Much happens at once, or something ends that has gone on for long. */
  manyTroubles(): void {
    this.lastUs.fill(this.world.nowUs);
    this.beforeUs.fill(this.world.nowUs);
  }

  /** Some server gets its messages, or is heard by it, only by way of a third. */
  private isRelayed(at: number): boolean {
    const { hosts, air } = this.world;
    for (let other = 0; other < hosts.length; other++) {
      if (other === at) continue;
      if (!air.network.passes(at, other) || !air.network.passes(other, at)) return true;
    }
    return false;
  }

  /**
   * The server releases everything.
   * @returns why that is too much; null: it has to
   */
  judge(host: Host): string | null {
    const { world } = this;
    const { timing } = world.aircraft;
    const windowUs = 2 * timing.takeOverUs + 4 * timing.periodUs;
    // Events before its start cannot have cost it anything.
    const sinceUs = Math.max(world.nowUs - windowUs, host.startedUs);
    // Where nothing is bridged, a single loss is a divided network.
    const { bridgedPeriods } = world.air.network;
    const enoughUs = (bridgedPeriods === 0 ? this.lastUs : this.beforeUs)[host.index] as number;
    if (enoughUs > sinceUs || this.isHit(host, sinceUs) || this.isRough(host)) return null;
    for (const other of world.hosts) {
      if (other !== host && other.engine !== null && this.partsFrom(host, other, sinceUs))
        return null;
    }
    this.judged++;
    return `s${host.index} lets go of everything, and nothing has happened to it`;
  }

  /** The server itself was stopped, which a slow call is as well, or its kernel has failed it. */
  private isHit(host: Host, sinceUs: number): boolean {
    return Math.max(host.pausedUntilUs, host.stoppedUs) >= sinceUs || host.leaseFailedUs >= sinceUs;
  }

  /**
   * Something goes on that is not over: datagrams are slow, loops are late, networks are full, or
   * somebody with another table takes over by its own times.
   */
  private isRough({ foreignTable }: Host): boolean {
    const { network } = this.world.air;
    if (network.delayUs + network.jitterUs > TRANSIT_US_MAX) return true;
    return this.world.hosts.some(
      (other) =>
        other.latenessMaxUs >= LATENESS_US ||
        other.floodUs !== Number.POSITIVE_INFINITY ||
        other.foreignTable !== foreignTable,
    );
  }

  /**
   * This server may hear the other one, by whatever way, and the other one, which has heard it,
   * cannot be relied on to hear it. One that never did waits for nothing.
   */
  private partsFrom(host: Host, other: Host, sinceUs: number): boolean {
    const { nowUs } = this.world;
    if (host.engine?.membership.lastEchoed[other.server] === 0) return false;
    return this.reaches(other, host, nowUs) && !this.reaches(host, other, sinceUs);
  }

  /** Directly, or by way of a third one that flies without a stop since before `sinceUs`. */
  private reaches(from: Host, to: Host, sinceUs: number): boolean {
    const { air, hosts } = this.world;
    const passes = (one: Host, another: Host): boolean =>
      air.network.passes(one.index, another.index);
    if (passes(from, to)) return true;
    return hosts.some(
      (via) =>
        via.engine !== null &&
        Math.max(via.startedUs, via.pausedUntilUs, via.stoppedUs) < sinceUs &&
        passes(from, via) &&
        passes(via, to),
    );
  }
}
