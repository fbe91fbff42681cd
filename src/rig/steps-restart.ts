/** Steps 7 and 8: a server is stopped in an orderly way and restarted, and an engine is killed. */
import { type AcceptanceContext, type Plan, TAKEOVER_MARGIN_MS } from "./acceptance-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { formatMs, gapsOf, type Owners, ownerDifferences, statisticOf } from "./verdict.ts";
import type { SeatObservation } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

export async function orderlyStop(context: AcceptanceContext): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(7, "Orderly stop");
  const before = context.owners();
  const { server, plan } = await fullestMove(context, before);
  const sinceUs = aircraft.nowUs;
  const startMs = performance.now();
  const exitCode = await server.stopDaemon();
  const tookMs = Math.round(performance.now() - startMs);
  step.did(`SIGTERM to wingman run on server ${server.id}`);
  step.check("exit code", "0", `${exitCode} after ${tookMs} ms`, exitCode === 0);
  const left = server.processes().length;
  step.check(`processes left on ${server.id}`, "0", String(left), left === 0);
  const vips = (await context.vipsOf(server)).length;
  step.check(`VIPs left on ${server.id}`, "0", String(vips), vips === 0);
  context.checkSettlement(step, await context.settle(plan.assignment), plan);
  const seen = await context.observe(sinceUs);
  const { moved } = plan.changes;
  const limitMs = context.detectionMs + TAKEOVER_MARGIN_MS;
  context.checkGaps(step, `functions of ${server.id} that ran on`, seen, moved, limitMs);
  checkGoodBye(context, step, seen, moved);
  context.checkUntouched(step, seen, plan.changes.kept);
  context.checkOneAnswer(step, seen);

  const back = await context.plan(context.owners(), []);
  server.startDaemon();
  step.did(`started wingman run on ${server.id} again`);
  context.checkSettlement(step, await context.settle(back.assignment), back);
  return step.result;
}

export async function engineKilled(context: AcceptanceContext): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(8, "SIGKILL of the engine alone");
  const before = context.owners();
  const { server, plan } = await fullestMove(context, before);
  const incarnation = server.view()?.incarnation ?? 0;
  const sinceUs = aircraft.nowUs;
  const isKilled = server.killEngine();
  step.did(`SIGKILL to the engine process on server ${server.id}; its supervisor was left alone`);
  step.check(
    "engine process",
    "found and killed",
    isKilled ? "found and killed" : "not found",
    isKilled,
  );
  const settlement = await context.settleByItself(
    () => (server.view()?.incarnation ?? 0) > incarnation,
  );
  const after = server.view()?.incarnation ?? 0;
  step.check(
    "number of the new engine (its incarnation)",
    `more than ${incarnation}, the number of the one that was killed`,
    String(after),
    after > incarnation,
  );
  step.check(
    "the servers agree and have nothing left to do",
    "yes",
    settlement.missing === "" ? `yes, after ${settlement.tookMs} ms` : settlement.missing,
    settlement.missing === "",
  );
  const seen = await context.observe(sinceUs);
  const limitMs = context.detectionMs + TAKEOVER_MARGIN_MS;
  context.checkGaps(step, `functions of ${server.id}`, seen, plan.changes.moved, limitMs);
  context.checkGaps(step, "functions of the other servers", seen, plan.changes.kept, limitMs);
  context.checkOneAnswer(step, seen);
  const stillAsBefore = ownerDifferences(context.owners(), before).length === 0;
  step.did(
    stillAsBefore
      ? "in the end every function ran where it had run"
      : "in the end some functions had moved",
  );
  return step.result;
}

/**
 * A server that says good-bye is replaced at once: the others need not wait for the detection time.
 */
function checkGoodBye(
  context: AcceptanceContext,
  step: ProcedureStep,
  seen: SeatObservation[],
  moved: string[],
): void {
  const everywhere = context.indexes(context.runningEverywhere(moved));
  if (everywhere.size === 0) return;
  const { periodMs, lostAfterPeriods } = context.aircraft.config.keepAlive;
  const silenceMs = periodMs * (lostAfterPeriods - 1);
  for (const { seat, report } of seen) {
    const gaps = gapsOf(report, context.aircraft.targets, everywhere).map(({ gapMs }) => gapMs);
    const medianMs = statisticOf(gaps)?.median ?? Number.POSITIVE_INFINITY;
    const expected = `below ${silenceMs} ms, which silence alone would take`;
    step.check(
      `median gap that ${seat.name} saw`,
      expected,
      `${formatMs(medianMs)} ms`,
      medianMs < silenceMs,
    );
  }
}

/** The server from which the most functions would move. */
export async function fullestMove(
  context: AcceptanceContext,
  before: Owners,
): Promise<{ server: VirtualServer; plan: Plan }> {
  const candidates = await Promise.all(
    context.serving.map(async (server) => ({
      server,
      plan: await context.plan(before, [server.id]),
    })),
  );
  return candidates.reduce((best, next) =>
    next.plan.changes.moved.length > best.plan.changes.moved.length ? next : best,
  );
}
