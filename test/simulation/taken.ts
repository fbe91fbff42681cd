/**
 * After its capacity was lowered, a server takes nothing that does not fit what it gives. Judged by
 * what counted at the decision: an address may have waited since then, for its batch or for the
 * kernel's lock. What is up already may exceed the lower amount until it has gone.
 */
import { NONE } from "../../src/allocation/function-table.ts";
import type { Engine } from "../../src/core/engine.ts";
import { ADDING } from "../../src/core/handover-rows.ts";
import { SERVERS_MAX } from "../../src/limits.ts";
import type { Host } from "./host.ts";
import type { World } from "./world.ts";

export class Taken {
  /** What each server withheld after its last decision: what the next one goes by. */
  private readonly withheld = new Uint8Array(SERVERS_MAX);
  /** What it withheld when it decided to take each function; NONE: it is not about to. */
  private readonly decidedWith: Int8Array;

  constructor(private readonly world: World) {
    this.decidedWith = new Int8Array(SERVERS_MAX * world.aircraft.table.functionCount).fill(NONE);
  }

  /** A new incarnation: nothing is withheld until it has asked. */
  begin(host: Host): void {
    const { functionCount } = this.world.aircraft.table;
    this.withheld[host.index] = 0;
    this.decidedWith.fill(NONE, host.index * functionCount, (host.index + 1) * functionCount);
  }

  /** The server has decided. */
  look(host: Host, { handover }: Engine): void {
    const { functionCount } = this.world.aircraft.table;
    for (let index = 0; index < functionCount; index++) {
      const place = host.index * functionCount + index;
      if (handover.state[index] !== ADDING) this.decidedWith[place] = NONE;
      else if (this.decidedWith[place] === NONE)
        this.decidedWith[place] = this.withheld[host.index];
    }
    this.withheld[host.index] = handover.room.inputs.withheld;
  }

  /** An address is up. */
  onAdd(host: Host, index: number): void {
    const { engine } = host;
    const { table } = this.world.aircraft;
    if (engine === null) return;
    // Otherwise it was here before, and somebody had removed its address.
    if (engine.handover.state[index] !== ADDING) return;
    const decidedWith = this.decidedWith[host.index * table.functionCount + index];
    const before = decidedWith === NONE ? this.withheld[host.index] : decidedWith;
    const withheld = Math.min(before, engine.handover.room.inputs.withheld);
    const given = Math.floor((table.resource[host.server] * (100 - withheld)) / 100);
    if (host.load <= given) return;
    this.world.invariants.fail(
      "capacity",
      `s${host.index} takes f${index} and carries ${host.load} of ${given}`,
    );
  }
}
