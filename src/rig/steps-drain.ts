/** Step 6: a server is drained and resumed. No seat may see a significant gap. */
import type { AcceptanceContext, Plan } from "./acceptance-context.ts";
import { waitFor } from "./condition.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { fullestMove } from "./steps-restart.ts";
import { listed } from "./verdict.ts";
import type { SeatObservation } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** Maximum attempts to measure a drain when something else on the machine disturbs the seats. */
const ATTEMPTS_MAX = 3;

/** A resume that meets the restart of an engine fails; then it is tried again for this long. */
const RESUME_DEADLINE_MS = 10_000;

export async function plannedDrain(context: AcceptanceContext): Promise<StepResult> {
  let failed: string[] = [];
  for (let attempt = 1; ; attempt++) {
    const { step, isDisturbed } = await drainAndResume(context);
    if (attempt > 1)
      step.did(
        `attempt ${attempt}: in the one before, something else on this machine held up the seats; failed then: ${listed(failed)}`,
      );
    const { result } = step;
    if (result.passed) return result;
    await resumeAll(context);
    if (!isDisturbed || attempt === ATTEMPTS_MAX) return result;
    failed = result.checks.filter(({ passed }) => !passed).map(({ what }) => what);
  }
}

/** Leaves no server drained: the next attempt, and the next step, begin with all of them. */
async function resumeAll(context: AcceptanceContext): Promise<void> {
  const isDrained = (server: VirtualServer) => server.view()?.phase === "draining";
  await waitFor(RESUME_DEADLINE_MS, async () => {
    const drained = context.serving.filter(isDrained);
    for (const server of drained) await server.command("resume", "--confirm");
    return drained.length === 0;
  });
  await context.settleByItself();
}

async function drainAndResume(
  context: AcceptanceContext,
): Promise<{ step: ProcedureStep; isDisturbed: boolean }> {
  const { aircraft } = context;
  const step = new ProcedureStep(6, "Planned drain");
  const { server, plan } = await fullestMove(context, context.owners());
  const { moved, kept } = plan.changes;
  const moving = context.indexes(moved);
  if (moved.length > 0) {
    aircraft.pace = moving;
    step.did(
      `let the seats call the VIPs of what will move every ${aircraft.probeIntervalMs(moving)} ms, the others less often`,
    );
  }
  const drained = await command(context, step, server, "drain", plan);
  const phase = server.view()?.phase ?? "not running";
  step.check(`phase of ${server.id}`, "draining", phase, phase === "draining");
  context.checkPlannedGaps(step, "functions that moved", drained, moved);
  context.checkPlannedGaps(step, "functions that stayed", drained, kept);
  context.checkUntouched(step, drained, kept);
  context.checkOneAnswer(step, drained);

  const back = await context.plan(context.owners(), []);
  const resumed = await command(context, step, server, "resume", back);
  const running = [...back.changes.kept, ...back.changes.moved];
  context.checkPlannedGaps(step, "functions that run on after resume", resumed, running);
  context.checkOneAnswer(step, resumed);
  aircraft.pace = "normal";
  const isDisturbed =
    context.isDisturbed(drained, [...moved, ...kept]) || context.isDisturbed(resumed, running);
  return { step, isDisturbed };
}

/**
 * Runs `wingman drain` or `resume` on a server and waits for the result of `plan`. Returns the
 * seats' observations.
 */
async function command(
  context: AcceptanceContext,
  step: ProcedureStep,
  server: VirtualServer,
  name: "drain" | "resume",
  plan: Plan,
): Promise<SeatObservation[]> {
  const sinceUs = context.aircraft.nowUs;
  const { exitCode, stderr } = await server.command(name, "--confirm");
  step.did(`wingman ${name} on server ${server.id}`);
  const answer = stderr.trim() === "" ? String(exitCode) : `${exitCode}: ${stderr.trim()}`;
  step.check(`exit code of wingman ${name}`, "0", answer, exitCode === 0);
  context.checkSettlement(step, await context.settle(plan.assignment), plan);
  return await context.observe(sinceUs);
}
