/**
 * Nobody lets go of everything without need. A server that does is away for as long as its engine
 * needs to begin anew, and all that it runs with it; so one trouble at a time must not bring it that
 * far, unless it hits that very server, or parts it from others so that they take over.
 *
 * A trouble is whatever happens at one instant to anybody: a datagram is lost, a cut begins or ends,
 * a server is stopped, goes on, is killed or starts. What lasts is judged as it is when the server
 * lets go.
 */

import { LEASE_LATENESS_MS } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Datagrams that are longer on their way than this reach nobody in time. */
const TRANSIT_US_MAX = 500;
/** Half of the lateness allowed is for the one who is silent, half for the one who waits. */
const LATENESS_US = (LEASE_LATENESS_MS * 1000) / 2;

export class Need {
  /** When the last two troubles happened, at two instants. */
  private lastUs = Number.NEGATIVE_INFINITY;
  private beforeUs = Number.NEGATIVE_INFINITY;
  /** How often a server has let go although one trouble at most had happened. */
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

  /** The server lets go of everything. @returns why that is too much; null: it has to */
  judge(host: Host): string | null {
    const { world } = this;
    const { timing } = world.aircraft;
    const windowUs = 2 * timing.takeOverUs + 4 * timing.periodUs;
    // What happened before its start cannot have cost it anything.
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

  /** This server hears the other one, by whatever way, and the other one does not hear it. */
  private partsFrom(host: Host, other: Host, sinceUs: number): boolean {
    return this.reaches(other, host, sinceUs) && !this.reaches(host, other, sinceUs);
  }

  /** Directly, or by way of a third one that has flown for long enough without a stop. */
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
