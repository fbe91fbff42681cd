/**
 * No server lets go of everything needlessly. A server that does is away until its engine has
 * restarted, with everything that it runs. So a single trouble must not bring it that far, unless
 * it hits that very server, or separates it from others so that they take over.
 *
 * A trouble is any instantaneous event anywhere: a datagram is lost, a cut begins or ends, a server
 * is stopped, goes on, is killed or starts. Lasting conditions are judged at the time when the
 * server lets go.
 */

import { LEASE_LATENESS_MS } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Datagrams that are in transit for longer than this count as lost. */
const TRANSIT_US_MAX = 500;
/** Half of the allowed lateness is for the silent server, half for the waiting one. */
const LATENESS_US = (LEASE_LATENESS_MS * 1000) / 2;

export class Need {
  /** When the last two troubles happened, at two instants. */
  private lastUs = Number.NEGATIVE_INFINITY;
  private beforeUs = Number.NEGATIVE_INFINITY;
  /** Number of releases although one fault at most had happened. */
  judged = 0;

  constructor(private readonly world: World) {}

  /** Something happens now that may cost somebody its lease. */
  trouble(): void {
    const { nowUs } = this.world;
    if (nowUs === this.lastUs) return;
    this.beforeUs = this.lastUs;
    this.lastUs = nowUs;
  }

  /** Much happens at once, or something ends that has gone on for long. */
  manyTroubles(): void {
    this.lastUs = this.world.nowUs;
    this.beforeUs = this.world.nowUs;
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
    if (this.beforeUs > sinceUs || this.isHit(host, sinceUs) || this.isRough()) return null;
    // Nothing at all may be lost then.
    if (world.air.network.bridgedPeriods === 0) return null;
    for (const other of world.hosts) {
      if (other !== host && other.engine !== null && this.partsFrom(host, other, sinceUs))
        return null;
    }
    this.judged++;
    return `s${host.index} lets go of everything, and nothing has happened to it`;
  }

  /** The server itself was stopped, or its kernel has failed it. */
  private isHit(host: Host, sinceUs: number): boolean {
    return (
      Math.max(host.pausedUntilUs, host.stoppedUs) >= sinceUs ||
      host.leaseFailedUs >= sinceUs ||
      host.addressCallUsMax > 0 ||
      !host.isSupervised
    );
  }

  /** Something goes on that is not over: datagrams are slow, loops are late, networks are full. */
  private isRough(): boolean {
    const { network } = this.world.air;
    if (network.delayUs + network.jitterUs > TRANSIT_US_MAX) return true;
    return this.world.hosts.some(
      (host) =>
        host.latenessMaxUs >= LATENESS_US ||
        host.floodUs !== Number.POSITIVE_INFINITY ||
        host.foreignTable ||
        host.addressErrno !== 0,
    );
  }

  /**
   * This server may hear the other one, by whatever way, and the other one cannot be relied on to
   * hear it.
   */
  private partsFrom(host: Host, other: Host, sinceUs: number): boolean {
    const { nowUs } = this.world;
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
