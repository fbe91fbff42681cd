/**
 * The acceptance procedure, steps 1 to 9: what is done to the aircraft, in which order. Each result
 * is handed to `report` when it is there. Step 10, that nothing is left behind, belongs to the
 * process outside, see ground-rig.ts.
 */
import { AcceptanceContext } from "./acceptance-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { plannedDrain } from "./steps-drain.ts";
import { lowPriorityStopped, powerFailure, recovery } from "./steps-failure.ts";
import { powerInterruptions } from "./steps-interruption.ts";
import { allUp, eachAnsweredOnce } from "./steps-ready.ts";
import { engineKilled, orderlyStop } from "./steps-restart.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";

/** Returns whether every step passed. */
export async function acceptance(
  aircraft: VirtualAircraft,
  report: (result: StepResult) => void,
): Promise<boolean> {
  const context = new AcceptanceContext(aircraft);
  let passed = true;
  const conclude = (result: StepResult) => {
    passed &&= result.passed;
    report(result);
  };
  const up = await allUp(context);
  conclude(up);
  if (!up.passed) return false; // the following steps would mean nothing
  conclude(await eachAnsweredOnce(context));
  if (aircraft.servers.length === 1) {
    conclude(singleServerStep());
    return passed;
  }
  const { result, failure } = await powerFailure(context);
  conclude(result);
  conclude(lowPriorityStopped(context, failure));
  conclude(await recovery(context, failure));
  conclude(await plannedDrain(context));
  conclude(await orderlyStop(context));
  conclude(await engineKilled(context));
  conclude(await powerInterruptions(context));
  return passed;
}

/** An aircraft of one server is allowed, but nobody can take over. */
function singleServerStep(): StepResult {
  const step = new ProcedureStep(3, "Takeover");
  step.check(
    "servers that could take over",
    "none: the configuration has one server",
    "none",
    true,
  );
  return step.result;
}
