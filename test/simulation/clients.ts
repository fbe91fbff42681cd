/**
 * Judges from outside which server serves when the client network is cut somewhere behind a switch:
 * a server behind the cut hands over to one that is not; if none is better than another, or no
 * other is left, servers serve.
 */
import { PHASE_ACTIVE, PHASE_ISOLATED, PHASE_LISTENING } from "../../src/boundary/phase.ts";
import { SERVERS_MAX, WITNESS_SILENT_MS } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

/** Allowance for messages that are lost, late, or held up. */
const PATIENCE_US = 200_000;
const NEVER = Number.POSITIVE_INFINITY;

export class Clients {
  /** Since when each server behind the cut serves although another one could. */
  private readonly wronglySinceUs = new Float64Array(SERVERS_MAX).fill(NEVER);
  /** Since when each is isolated although no server serves in its place. */
  private readonly inVainSinceUs = new Float64Array(SERVERS_MAX).fill(NEVER);
  private readonly limitUs: number;

  constructor(private readonly world: World) {
    const { timing, witnesses } = world.aircraft;
    const windowUs = timing.detectionUs + witnesses * timing.periodUs;
    this.limitUs =
      Math.max(2 * windowUs, WITNESS_SILENT_MS * 1000) +
      windowUs +
      2 * timing.detectionUs +
      PATIENCE_US;
  }

  /** After every turn of `host`. */
  check(host: Host): void {
    const { nowUs, invariants } = this.world;
    const at = host.index;
    if (!this.servesBehindCut(host)) this.wronglySinceUs[at] = NEVER;
    else if (this.wronglySinceUs[at] === NEVER) this.wronglySinceUs[at] = nowUs;
    else if (nowUs - this.wronglySinceUs[at] > this.limitUs)
      invariants.fail("clients", `s${at} serves behind a cut, and another server could`);
    if (!this.isIsolatedInVain(host)) this.inVainSinceUs[at] = NEVER;
    else if (this.inVainSinceUs[at] === NEVER) this.inVainSinceUs[at] = nowUs;
    else if (nowUs - this.inVainSinceUs[at] > this.limitUs)
      invariants.fail("clients", `s${at} is isolated, and nobody serves in its place`);
  }

  private servesBehindCut(host: Host): boolean {
    const { world } = this;
    if (host.clientCuts === 0 || !host.carrier || host.engine?.phase !== PHASE_ACTIVE) return false;
    if (world.witnesses.every((answers) => answers === 0) || host.turnsSincePause < 10)
      return false;
    return world.hosts.some(
      (other) =>
        this.isNear(host, other) && other.clientCuts === 0 && other.carrier && isWell(other),
    );
  }

  private isIsolatedInVain(host: Host): boolean {
    const { engine } = host;
    if (engine === null || engine.phase !== PHASE_ISOLATED || !host.carrier) return false;
    let others = 0;
    for (const other of this.world.hosts) {
      const isNear = this.isNear(host, other);
      if (!isNear && !this.isBehindAnother(host, other)) continue;
      if (isNear) others++;
      if (isWell(other) || other.engine?.phase === PHASE_LISTENING) return false;
    }
    return others > 0;
  }

  /** One that a third server hears, which sends its messages on. */
  private isBehindAnother(host: Host, other: Host): boolean {
    return this.world.hosts.some(
      (third) => this.isNear(host, third) && other !== host && this.isNear(third, other),
    );
  }

  /** Another server that flies, with the same table, and that the host hears and is heard by. */
  private isNear(host: Host, other: Host): boolean {
    if (other === host || other.engine === null || other.server === host.server) return false;
    if (other.foreignTable !== host.foreignTable || other.turnsSincePause < 10) return false;
    return this.world.air.network.joinedSinceUs(host.index, other.index) !== NEVER;
  }
}

function isWell({ engine }: Host): boolean {
  return engine !== null && engine.phase === PHASE_ACTIVE && !engine.phases.draining;
}
