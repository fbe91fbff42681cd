/**
 * The rolling update: every server of the aircraft gets the new part, one after the other, and one
 * returns to the previous part. The last step (nothing is left behind) belongs to the process
 * outside, see ground-rig.ts.
 */
import { ROLLED_BACK_BY_HAND, ROLLED_BACK_TEXTS } from "../catalogue/roll-back-reason.ts";
import { AcceptanceContext } from "./acceptance-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import type { ServerSlots } from "./server-slots.ts";
import { allUp, eachAnsweredOnce } from "./steps-ready.ts";
import { changePart, checkReportedBuilds, type PartChange, UpdateContext } from "./steps-update.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";

/** Number of steps for this many servers, the last one included. */
export const updateSteps = (servers: number): number => servers + 5;

/** Returns whether every step passed. A server that does not come back ends the update. */
export async function rollingUpdate(
  aircraft: VirtualAircraft,
  slots: readonly ServerSlots[],
  order: UpdateOrder,
  report: (result: StepResult) => void,
): Promise<boolean> {
  const context = new UpdateContext(new AcceptanceContext(aircraft), slots, order.from.build);
  let passed = true;
  const conclude = (result: StepResult) => {
    passed &&= result.passed;
    report(result);
  };
  const up = await allUp(context.acceptance);
  conclude(up);
  if (!up.passed) return false; // the following steps would mean nothing
  conclude(await eachAnsweredOnce(context.acceptance));
  let number = 3;
  const to: PartChange = {
    title: "Update",
    part: order.to,
    commands: [["install", order.to.directory], ["activate"]],
    why: null,
  };
  for (const server of aircraft.servers) {
    const { result, isBack } = await changePart(context, number++, server, to);
    conclude(result);
    if (!isBack) return false;
  }
  conclude(await allNew(context, number++, order));
  const [first] = aircraft.servers;
  if (first === undefined) return passed;
  const back: PartChange = {
    title: "Roll-back",
    part: order.from,
    commands: [["rollback"]],
    why: ROLLED_BACK_TEXTS[ROLLED_BACK_BY_HAND] ?? null,
  };
  conclude((await changePart(context, number, first, back)).result);
  return passed;
}

/** Every server flies the new part, is well, and has reported so to the others. */
async function allNew(
  context: UpdateContext,
  number: number,
  order: UpdateOrder,
): Promise<StepResult> {
  const step = new ProcedureStep(number, "All servers fly the new part");
  step.did("asked each server what it flies, whether it is well, and what it hears of the others");
  for (const server of context.aircraft.servers) {
    const health = await server.command("health");
    step.check(
      `wingman health on ${server.id}`,
      "healthy",
      health.stdout.trim(),
      health.exitCode === 0,
    );
    const { current, trial, slots } = await context.slotsOf(server).status(server);
    const build = slots.find(({ slot }) => slot === current)?.build ?? "nothing";
    const measured = trial === null ? build : `${build}, on trial`;
    step.check(
      `build in the slot of ${server.id}`,
      order.to.build,
      measured,
      build === measured && build === order.to.build,
    );
  }
  await checkReportedBuilds(context, step);
  return step.result;
}
