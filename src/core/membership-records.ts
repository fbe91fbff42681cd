/** Records each change of a server's state in the maintenance log, once. */

import { EFFECT_LOG, type EffectQueue } from "../boundary/effect-queue.ts";
import {
  LOG_SERVER_ALIVE,
  LOG_SERVER_ID_TWICE,
  LOG_SERVER_INCOMPATIBLE,
  LOG_SERVER_LEFT,
  LOG_SERVER_LOST,
  LOG_SERVER_UNREACHABLE,
} from "../boundary/maintenance-code.ts";
import {
  SERVER_ALIVE,
  SERVER_INCOMPATIBLE,
  SERVER_LEAVING,
  SERVER_LOST,
  SERVER_UNREACHABLE,
} from "../boundary/server-state.ts";
import { SERVERS_MAX } from "../limits.ts";
import type { Membership } from "./membership.ts";

export class MembershipRecords {
  private readonly state = new Uint8Array(SERVERS_MAX);
  private readonly incarnation = new Uint32Array(SERVERS_MAX);
  private hasTwin = false;

  constructor(
    private readonly serverCount: number,
    private readonly self: number,
    private readonly membership: Membership,
    private readonly effects: EffectQueue,
  ) {
    this.state.set(membership.state);
    this.incarnation.set(membership.incarnation);
  }

  /** @param hearsTwin another box sends with this server's id */
  update(hearsTwin: boolean): void {
    const { state, incarnation } = this.membership;
    for (let server = 0; server < this.serverCount; server++) {
      const isSame =
        state[server] === this.state[server] && incarnation[server] === this.incarnation[server];
      if (isSame) continue;
      this.state[server] = state[server];
      this.incarnation[server] = incarnation[server];
      this.record(server, state[server]);
    }
    if (hearsTwin && !this.hasTwin)
      this.effects.push(EFFECT_LOG, LOG_SERVER_ID_TWICE, this.self, 0);
    this.hasTwin = hearsTwin;
  }

  private record(server: number, state: number): void {
    const { effects, membership } = this;
    if (state === SERVER_ALIVE) effects.push(EFFECT_LOG, LOG_SERVER_ALIVE, server, 0);
    else if (state === SERVER_LOST) effects.push(EFFECT_LOG, LOG_SERVER_LOST, server, 0);
    else if (state === SERVER_UNREACHABLE)
      effects.push(EFFECT_LOG, LOG_SERVER_UNREACHABLE, server, 0);
    else if (state === SERVER_LEAVING) effects.push(EFFECT_LOG, LOG_SERVER_LEFT, server, 0);
    else if (state === SERVER_INCOMPATIBLE) {
      const digest = membership.latest(server).digestHigh | 0;
      effects.push(EFFECT_LOG, LOG_SERVER_INCOMPATIBLE, server, digest);
    }
  }
}
