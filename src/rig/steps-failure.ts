/**
 * Steps 3, 4 and 5: a server loses its power, less important functions make room, and everything
 * returns.
 */
import { NOTICE_MOVED, NOTICE_STARTED, NOTICE_STOPPING } from "../wire/client-notice.ts";
import { type AcceptanceContext, type Plan, TAKEOVER_MARGIN_MS } from "./acceptance-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { gapsOf, lateNotices, listed, missingNotices, type Owners } from "./verdict.ts";
import type { SeatObservation } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/**
 * A notice is sent before the process is told to stop. But a probe already in transit may be the
 * first one without an answer: it may have been sent this long before the notice arrives.
 */
const NOTICE_TOLERANCE_MS = 5;

/** Results of step 3 for the steps after it. */
export interface PowerFailure {
  victim: VirtualServer;
  before: Owners;
  plan: Plan;
  seen: SeatObservation[];
}

export async function powerFailure(
  context: AcceptanceContext,
): Promise<{ result: StepResult; failure: PowerFailure }> {
  const { aircraft } = context;
  const step = new ProcedureStep(3, "Power-off of one server");
  const before = context.owners();
  const { victim, plan } = await hardestLoss(context, before);
  const sinceUs = aircraft.nowUs;
  await victim.powerOff();
  step.did(
    `switched server ${victim.id} off: its links went down and every process was killed with SIGKILL`,
  );
  const settlement = await context.settle(plan.assignment);
  const seen = await context.observe(sinceUs);
  context.checkSettlement(step, settlement, plan);
  const limitMs = context.detectionMs + TAKEOVER_MARGIN_MS;
  step.did(
    `the limit for gaps is ${context.detectionMs} ms, the detection time and a period, and ${TAKEOVER_MARGIN_MS} ms for a machine that is the whole aircraft at once`,
  );
  const taken = plan.changes.moved.filter((id) => before[id] === victim.id);
  const displaced = plan.changes.moved.filter((id) => before[id] !== victim.id);
  step.did(
    `had run on ${victim.id}: ${listed(Object.keys(before).filter((id) => before[id] === victim.id))}`,
  );
  context.checkGaps(step, `functions of ${victim.id} that were taken over`, seen, taken, limitMs);
  // A seat that sees nothing of the power failure measures nothing.
  const blind = seen.filter(({ report }) =>
    gapsOf(report, aircraft.targets, context.indexes(taken)).some(({ gapMs }) => gapMs === 0),
  );
  step.check(
    "seats that noticed nothing of the failure",
    "none",
    listed(blind.map(({ seat }) => seat.name)),
    blind.length === 0,
  );
  context.checkGaps(step, "functions that moved to make room", seen, displaced, limitMs);
  context.checkUntouched(step, seen, plan.changes.kept);
  context.checkOneAnswer(step, seen);
  return { result: step.result, failure: { victim, before, plan, seen } };
}

/** The server whose loss stops the most functions, then moves the most: it shows the most. */
async function hardestLoss(
  context: AcceptanceContext,
  before: Owners,
): Promise<{ victim: VirtualServer; plan: Plan }> {
  const candidates = await Promise.all(
    context.serving.map(async (victim) => ({
      victim,
      plan: await context.plan(before, [victim.id]),
    })),
  );
  const weight = ({ changes }: Plan) => changes.stopped.length * 10_000 + changes.moved.length;
  return candidates.reduce((best, next) => (weight(next.plan) > weight(best.plan) ? next : best));
}

/** Judges the records of step 3. */
export function lowPriorityStopped(context: AcceptanceContext, failure: PowerFailure): StepResult {
  const { aircraft } = context;
  const { victim, before, plan, seen } = failure;
  const step = new ProcedureStep(4, "Less important functions stopped for more important ones");
  const stopped = plan.changes.stopped.filter((id) => before[id] !== victim.id);
  const lost = plan.changes.stopped.filter((id) => before[id] === victim.id);
  step.did(`read what the seats received while ${victim.id} was lost`);
  if (lost.length > 0) step.did(`ran on ${victim.id} and found no room elsewhere: ${listed(lost)}`);
  if (plan.changes.stopped.length === 0) {
    step.check(
      "functions that had to stop",
      "none, by wingman plan: the other servers have room",
      "none",
      true,
    );
    return step.result;
  }
  for (const { seat, report } of seen) {
    const answered = plan.changes.stopped.filter((id) =>
      aircraft.targets.some(
        ({ functionIndex }, number) =>
          functionIndex === context.functionIndex(id) &&
          !(report.targets[number]?.gaps.some(({ endUs }) => endUs === null) ?? false),
      ),
    );
    const measured = answered.length === 0 ? "none" : listed(answered);
    step.check(
      `stopped functions that ${seat.name} still gets answers of`,
      "none",
      measured,
      answered.length === 0,
    );
    if (stopped.length === 0) continue;
    const functions = context.indexMap(stopped);
    const limitMs = aircraft.probeIntervalMs() + NOTICE_TOLERANCE_MS + report.latenessUsMax / 1000;
    const missing = missingNotices(report, functions, NOTICE_STOPPING);
    const late = lateNotices(report, aircraft.targets, functions, NOTICE_STOPPING, limitMs);
    const isComplete = missing.length === 0 && late.length === 0;
    step.check(
      `notices that ${seat.name} received before the stop`,
      `one each of ${listed(stopped)}`,
      isComplete ? "all" : `missing: ${listed(missing)}; too late: ${listed(late)}`,
      isComplete,
    );
  }
  return step.result;
}

export async function recovery(
  context: AcceptanceContext,
  { victim }: PowerFailure,
): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(5, "Recovery");
  const before = context.owners();
  const plan = await context.plan(before, []);
  const sinceUs = aircraft.nowUs;
  await aircraft.powerOn(victim);
  victim.startDaemon();
  step.did(`switched server ${victim.id} on again and started wingman run`);
  const settlement = await context.settle(plan.assignment);
  const seen = await context.observe(sinceUs);
  context.checkSettlement(step, settlement, plan);
  for (const { seat, report } of seen) {
    const { started, moved } = plan.changes;
    const missing = [
      ...missingNotices(report, context.indexMap(started), NOTICE_STARTED),
      ...missingNotices(report, context.indexMap(moved), NOTICE_MOVED),
    ];
    step.check(
      `notices that ${seat.name} received`,
      `started: ${listed(started)}; moved: ${listed(moved)}`,
      missing.length === 0 ? "all" : `missing: ${listed(missing)}`,
      missing.length === 0,
    );
  }
  context.checkUntouched(step, seen, plan.changes.kept);
  context.checkOneAnswer(step, seen);
  return step.result;
}
