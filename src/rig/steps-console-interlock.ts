/**
 * Step 6 over serial consoles: disturbing actions are refused in the air, and the refusal is
 * logged.
 */
import { LOG_ACTION_REFUSED } from "../catalogue/supervisor-code.ts";
import { waitFor } from "./condition.ts";
import type { ConsoleClient } from "./console-client.ts";
import { type ConsoleContext, OPERATOR_DEADLINE_MS } from "./console-context.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";

/**
 * It ends faults that are recorded as active: if it were not refused, no passenger would notice.
 */
const DISTURBING = "clear faults confirm";

export async function interlock(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(6, "Interlock of disturbing actions, in the air");
  const [client] = context.watching;
  if (client === undefined) return step.result;
  const isOnGround = await groundOf(client);
  if (isOnGround === null) {
    step.leaveOut("the console does not tell what the ground input says");
    return step.result;
  }
  if (isOnGround && context.skipPower) {
    step.leaveOut(
      "the aircraft is on ground, and with --skip-power nobody is asked to change the ground input",
    );
    return step.result;
  }
  if (isOnGround) {
    context.operator(`set the ground input of server ${client.serverId} to "in the air"`);
    const isInAir = await becomes(context, client, false);
    step.did("asked the operator to set the ground input to in the air");
    step.check("ground input", "in the air", isInAir ? "in the air" : "still on ground", isInAir);
    if (!isInAir) return step.result;
  }
  const answer = await client.ask(DISTURBING);
  step.did(`typed ${DISTURBING} on the console of ${client.serverId}`);
  const isRefused = answer.error === "GROUND";
  const measured =
    answer.error === null ? "OK: it was done" : `ERR ${answer.error}: ${answer.lines.at(-1)}`;
  step.check("answer", "ERR GROUND", measured, isRefused);
  if (isRefused) context.expectRecord(client.serverId, [LOG_ACTION_REFUSED], "CLEAR FAULTS");
  const reading = await client.ask("show faults");
  step.check(
    "answer to show faults",
    "OK",
    reading.error === null ? "OK" : `ERR ${reading.error}`,
    reading.error === null,
  );
  if (isOnGround) {
    context.operator(`set the ground input of server ${client.serverId} back to "on ground"`);
    const isBack = await becomes(context, client, true);
    step.check(
      "ground input after it",
      "on ground",
      isBack ? "on ground" : "still in the air",
      isBack,
    );
  }
  return step.result;
}

async function becomes(
  context: ConsoleContext,
  client: ConsoleClient,
  isOnGround: boolean,
): Promise<boolean> {
  return await waitFor(OPERATOR_DEADLINE_MS, async () => {
    context.requireGoingOn();
    return (await groundOf(client)) === isOnGround;
  });
}

/** The state of the ground input; null when this console does not tell. */
async function groundOf(client: ConsoleClient): Promise<boolean | null> {
  const { lines, error } = await client.ask("show ground | json");
  if (error !== null) return null;
  return (JSON.parse(lines[0] ?? "{}") as { onGround?: boolean }).onGround ?? null;
}
