/**
 * P4: a function that stays assigned to its server is not touched. Judged at the decision itself,
 * where the reason is at hand, however long the kernel takes to carry it out: it is assigned
 * elsewhere or failed here, the server does not serve, or another one goes first.
 */

import type { Engine } from "../../src/core/engine.ts";
import { REMOVING, RESTORING, UP } from "../../src/core/handover-rows.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

export class Kept {
  /** State of each function on each server after its last decision. */
  private readonly before: Uint8Array;

  constructor(private readonly world: World) {
    this.before = new Uint8Array(SERVERS_MAX * world.aircraft.table.functionCount);
  }

  /** A new incarnation. */
  begin(host: Host): void {
    const { functionCount } = this.world.aircraft.table;
    this.before.fill(0, host.index * functionCount, (host.index + 1) * functionCount);
  }

  /** The server has decided. */
  look(host: Host, engine: Engine): void {
    const { functionCount } = this.world.aircraft.table;
    for (let index = 0; index < functionCount; index++) {
      const place = host.index * functionCount + index;
      const before = this.before[place];
      const now = engine.handover.state[index];
      this.before[place] = now;
      const wasUp = before === UP || before === RESTORING;
      if (!wasUp || now === UP || now === RESTORING || this.hasReason(host, engine, index))
        continue;
      this.world.invariants.fail(
        "P4",
        `s${host.index} takes f${index} down, which is its own and nobody else's`,
      );
    }
  }

  private hasReason(host: Host, { handover, phases, membership }: Engine, index: number): boolean {
    const isOurs = handover.assigned[index] === host.server && handover.failed[index] === 0;
    if (!isOurs || !phases.serving) return true;
    for (let server = 0; server < this.world.aircraft.serverCount; server++) {
      if (!membership.isHeard(server)) continue;
      // Owned twice: the lower index keeps it; but one that does not hear us cannot yield.
      const goesFirst = server < host.server || membership.echoedSequence[server] === 0;
      if (goesFirst && membership.owns(server, index)) return true;
      // One that never heard us takes what it claims, whatever our lease is.
      if (membership.lastEchoed[server] === 0 && membership.claims(server, index)) return true;
    }
    return false;
  }

  /** The kernel is asked to delete an address. */
  onRemove(host: Host, index: number): void {
    if (host.engine?.handover.state[index] === REMOVING) return;
    this.world.invariants.fail("P4", `s${host.index} takes f${index} down without a decision`);
  }
}
