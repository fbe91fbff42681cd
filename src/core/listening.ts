/** How long a server listens after a start or an isolation (PROTOCOL.md, "Start-up"). */

import type { FunctionTable } from "../allocation/function-table.ts";
import { SERVER_ALIVE } from "../boundary/server-state.ts";
import type { Timing } from "../boundary/timing.ts";
import { MARK_ALL_HEARD_AT_START, MARK_PATIENCE_ENDED, marks } from "../marks.ts";
import type { Admission } from "./admission.ts";
import type { Membership } from "./membership.ts";

/**
 * Wait at most this many recovery or detection times, whichever is longer, for servers that keep
 * joining or have not proven to be fresh.
 */
const PATIENCE = 3;

export class Listening {
  private sinceUs = 0;

  constructor(
    private readonly table: FunctionTable,
    private readonly membership: Membership,
    private readonly admission: Admission,
    private readonly timing: Timing,
  ) {}

  begin(nowUs: number): void {
    this.sinceUs = nowUs;
  }

  /** Every configured server is alive, or it has listened for long enough and waits for nobody. */
  isOver(nowUs: number): boolean {
    const { membership, table, timing } = this;
    let alive = 0;
    for (let server = 0; server < table.serverCount; server++)
      if (membership.state[server] === SERVER_ALIVE) alive++;
    if (alive === table.serverCount - 1 && alive > 0) {
      marks[MARK_ALL_HEARD_AT_START]++;
      return true;
    }
    // What has arrived and is not read yet may be an owner's.
    const listenedUs = membership.readUs - this.sinceUs;
    if (listenedUs < timing.listenUs) return false;
    const patienceUs =
      PATIENCE * Math.max(timing.recoveredAfter * timing.periodUs, timing.detectionUs);
    // An unproven message may come from a server whose proof was lost on its way.
    const windowUs = timing.detectionUs + timing.holdTicksUs;
    if (membership.joining === 0 && !this.admission.hearsCandidate(nowUs, windowUs)) return true;
    if (listenedUs < timing.listenUs + patienceUs) return false;
    marks[MARK_PATIENCE_ENDED]++;
    return true;
  }
}
