/**
 * Start-up: flies take-overs, hand-overs and everything else that is rare in flight until the
 * compiler has seen the code, so that the first failure is handled as fast as the hundredth. It is
 * the turn that will fly, over shells of which nothing is seen outside.
 */

import type { Policy } from "../allocation/allocation.ts";
import type { FunctionTable } from "../allocation/function-table.ts";
import { EVENT_COMMAND } from "../boundary/event-queue.ts";
import type { Timing } from "../boundary/timing.ts";
import { Engine } from "../core/engine.ts";
import { CONTROL_DRAIN, CONTROL_RESUME } from "../wire/control.ts";
import { Rehearsal, RehearsalShell } from "./rehearsal.ts";

/** Servers flown, at most: three are as many as it takes to send a message on. */
const SERVERS = 3;
/**
 * Periods flown, in cycles; in each of them a server is drained, resumed, half cut off and cut off.
 */
const PERIODS = 320;
const CYCLE_PERIODS = 160;
const DRAIN_AT = 30;
const RESUME_AT = 60;
const PART_AT = 90;
const CUT_AT = 110;
const JOIN_AT = 135;
/** A detection time in which a cut in part is seen and sent round before a lease runs out. */
const DETECTION_PERIODS = 20;
/** So that each cycle ends as it began. */
const RECOVERED_AFTER_MAX = 10;

/** @param table the real one: what is warmed is what will fly */
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
