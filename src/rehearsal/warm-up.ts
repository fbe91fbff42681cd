/**
 * Start-up: flies take-overs, hand-overs and everything else that is rare in flight until the
 * compiler has optimised the code, so that the first failure is handled as fast as the hundredth.
 * It flies the real turn over shells without outside effects.
 */

import type { Policy } from "../allocation/allocation.ts";
import type { FunctionTable } from "../allocation/function-table.ts";
import { EVENT_COMMAND } from "../boundary/event-queue.ts";
import type { Timing } from "../boundary/timing.ts";
import { Engine } from "../core/engine.ts";
import { CONTROL_DRAIN, CONTROL_RESUME } from "../wire/control.ts";
import { Rehearsal, RehearsalShell } from "./rehearsal.ts";

/** Maximum servers flown: sending a message on takes three. */
const SERVERS = 3;
/**
 * Periods flown, in cycles. In each cycle a server is drained, resumed, partly cut off and cut off.
 */
const PERIODS = 320;
const CYCLE_PERIODS = 160;
const DRAIN_AT = 30;
const RESUME_AT = 60;
const PART_AT = 90;
const CUT_AT = 110;
const JOIN_AT = 135;
/** Detection time in periods: a partial cut is seen and reported before a lease runs out. */
const DETECTION_PERIODS = 20;
/** Makes each cycle end as it began. */
const RECOVERED_AFTER_MAX = 10;
/** Warms the code of the contingency book without making the start wait for books. */
const STEPS_AHEAD = 50;

/** @param table the real table: the warm-up covers exactly what will fly */
export function warmUp(table: FunctionTable, policy: Policy, timing: Timing): void {
  if (table.serverCount < 2) return;
  const scratch = {
    ...timing,
    recoveredAfter: Math.min(timing.recoveredAfter, RECOVERED_AFTER_MAX),
    detectionUs: DETECTION_PERIODS * timing.periodUs,
  };
  const rehearsal = new Rehearsal(scratch);
  for (let self = 0; self < Math.min(SERVERS, table.serverCount); self++) {
    const engine = engineOf(table, policy, scratch, self);
    engine.agreement.stepsAhead = Math.min(engine.agreement.stepsAhead, STEPS_AHEAD);
    rehearsal.add(
      engine,
      new RehearsalShell(rehearsal, self, scratch.leaseUs !== 0, engine.events),
    );
  }
  for (let period = 0; period < PERIODS; period++) {
    disturb(rehearsal, period % CYCLE_PERIODS);
    rehearsal.fly((period + 1) * timing.periodUs);
  }
}

function engineOf(table: FunctionTable, policy: Policy, timing: Timing, self: number): Engine {
  const identity = {
    self,
    systemId: 1,
    digestHigh: 1,
    digestLow: 1,
    incarnation: self + 1,
    nonce: self,
  };
  return new Engine(table, policy, identity, timing, timing.periodUs, 0);
}

function disturb(rehearsal: Rehearsal, at: number): void {
  const { engines } = rehearsal;
  const last = engines.length - 1;
  if (at === DRAIN_AT) engines[0]?.events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
  else if (at === RESUME_AT) engines[0]?.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
  else if (at === PART_AT && last > 1) rehearsal.cut(0, last, true);
  else if (at === CUT_AT) rehearsal.cutOff(last, true);
  else if (at === JOIN_AT) rehearsal.cutOff(last, false);
}
