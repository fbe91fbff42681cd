/**
 * Start-up: flies take-overs, hand-overs and everything else that is rare in flight until the
 * compiler has seen the code, so that the first failure is handled as fast as the hundredth. It is
 * the turn that will fly, over shells of which nothing is seen outside.
 */
import { CONTROL_DRAIN, CONTROL_RESUME } from "../wire/control.ts";
import type { Policy } from "./allocation.ts";
import { Engine } from "./engine.ts";
import { EVENT_COMMAND } from "./event-queue.ts";
import type { FunctionTable } from "./function-table.ts";
import { Rehearsal, RehearsalShell } from "./rehearsal.ts";
import type { Timing } from "./timing.ts";
import { Turn } from "./turn.ts";

/** Servers flown, at most: three are as many as it takes to send a message on. */
const SERVERS = 3;
/** Periods flown, in cycles; in each of them a server is drained, resumed, half cut off and cut off. */
const PERIODS = 320;
const CYCLE_PERIODS = 160;
const DRAIN_AT = 30;
const RESUME_AT = 60;
const PART_AT = 90;
const CUT_AT = 110;
const JOIN_AT = 135;
/** Turns in a row, in which what one server says is answered by the others. */
const ROUNDS = 3;
/** A detection time in which a cut in part is seen and sent round before a lease runs out. */
const DETECTION_PERIODS = 20;
/** So that each cycle ends as it began. */
const RECOVERED_AFTER_MAX = 10;

/** @param table the real one: what is warmed is what will fly */
export function warmUp(table: FunctionTable, policy: Policy, timing: Timing): void {
  if (table.serverCount < 2) return;
  const rehearsal = new Rehearsal();
  const scratch = {
    ...timing,
    recoveredAfter: Math.min(timing.recoveredAfter, RECOVERED_AFTER_MAX),
    detectionUs: DETECTION_PERIODS * timing.periodUs,
  };
  const engines = Array.from({ length: Math.min(SERVERS, table.serverCount) }, (_, self) =>
    engineOf(table, policy, scratch, self),
  );
  const turns = engines.map((engine, self) => {
    const shell = new RehearsalShell(rehearsal, self, timing.leaseUs !== 0, engine.events);
    return new Turn(engine, shell, scratch);
  });
  for (const turn of turns) {
    turn.begin();
    rehearsal.nowUs += Math.floor(timing.periodUs / 7); // no two are in step
  }
  let period = -1;
  for (let { nowUs } = rehearsal; nowUs < PERIODS * timing.periodUs; ) {
    for (; period * timing.periodUs <= nowUs - timing.periodUs; )
      disturb(rehearsal, engines, ++period % CYCLE_PERIODS);
    for (let round = 0; round < ROUNDS; round++) {
      rehearsal.nowUs = nowUs++;
      for (const turn of turns) turn.run();
    }
    nowUs = Math.max(
      nowUs,
      turns.reduce((next, turn) => Math.min(next, turn.wakeUs(nowUs)), Infinity),
    );
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

function disturb(rehearsal: Rehearsal, engines: readonly Engine[], at: number): void {
  const last = engines.length - 1;
  if (at === DRAIN_AT) engines[0]?.events.push(EVENT_COMMAND, 0, CONTROL_DRAIN);
  else if (at === RESUME_AT) engines[0]?.events.push(EVENT_COMMAND, 0, CONTROL_RESUME);
  else if (at === PART_AT && last > 1) rehearsal.cut(0, last, true);
  else if (at === CUT_AT) rehearsal.cutOff(last, true);
  else if (at === JOIN_AT) rehearsal.cutOff(last, false);
}
