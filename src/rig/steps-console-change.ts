/**
 * Steps 4 and 5 over serial consoles, planned changes: a server is drained and resumed, and a
 * function is moved by hand.
 */
import { LOG_ACTION } from "../catalogue/supervisor-code.ts";
import type { ConsoleAnswer, ConsoleClient } from "./console-client.ts";
import type { ConsoleContext } from "./console-context.ts";
import { type Absent, movable, NOBODY } from "./console-verdict.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { listed, type Owners } from "./verdict.ts";

export async function plannedDrain(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(4, "Planned drain and resume");
  if (context.serverIds.length < 2) {
    step.leaveOut("there is no other server to take the functions");
    return step.result;
  }
  const before = await context.owners();
  const client = await context.mostImportant();
  if (client === undefined) return step.result;
  const { serverId } = client;
  const drained: Absent = { off: [], drained: [serverId] };

  const expected = context.plan(before, drained);
  context.drained = client;
  const refused = await command(context, step, serverId, "drain", "DRAIN");
  if (refused !== null) {
    context.drained = null;
    step.leaveOut(`the drain would stop functions: ERR GROUND: ${refused}`);
    return step.result;
  }
  const settlement = await context.settle(expected, drained);
  context.checkSettlement(step, before, expected, settlement);
  const left = Object.entries(settlement.owners).flatMap(([id, owner]) =>
    owner === serverId ? [id] : [],
  );
  step.check(`functions left on ${serverId}`, "none", listed(left), left.length === 0);
  checkStayed(step, before, settlement.owners, serverId);

  const resting = settlement.owners;
  const back = context.plan(resting);
  await command(context, step, serverId, "resume", "RESUME");
  context.drained = null;
  const resumed = await context.settle(back);
  context.checkSettlement(step, resting, back, resumed);
  const missing = Object.keys(before).filter(
    (id) => before[id] !== null && resumed.owners[id] === null,
  );
  step.check(
    "functions that ran before and do not now",
    "none",
    listed(missing),
    missing.length === 0,
  );
  return step.result;
}

/**
 * Types a command that must end with OK and be logged, once more with confirm where that is
 * required.
 * @returns why it is not permitted in the air; null when it was done, or has failed
 */
async function command(
  context: ConsoleContext,
  step: ProcedureStep,
  serverId: string,
  line: string,
  logged: string,
): Promise<string | null> {
  const client = context.client(serverId);
  let answer = await client?.ask(line);
  step.did(`typed ${line} on the console of ${serverId}`);
  if (answer?.error === "CONFIRM") {
    step.did(`typed ${line} confirm, because ${answer.lines.at(-1)}`);
    answer = await client?.ask(`${line} confirm`);
  }
  if (answer?.error === "GROUND") return answer.lines.at(-1) ?? "";
  const isDone = answer?.error === null;
  step.check(
    `answer to ${line}`,
    "OK",
    isDone ? "OK" : `ERR ${answer?.error}: ${answer?.lines.at(-1)}`,
    isDone,
  );
  if (isDone) context.expectRecord(serverId, [LOG_ACTION], logged);
  return null;
}

/** Functions of the others either stay, or make room for more important ones. */
function checkStayed(step: ProcedureStep, before: Owners, after: Owners, drained: string): void {
  const others = Object.keys(before).filter((id) => before[id] !== null && before[id] !== drained);
  const moved = others.filter((id) => after[id] !== before[id] && after[id] !== null);
  const expected =
    others.length === 0 ? "none: the others ran nothing" : `none of ${others.length}`;
  step.check(
    "functions of others that moved",
    expected,
    moved.length === 0 ? expected : listed(moved),
    moved.length === 0,
  );
}

/** Far longer than a hand-over takes. */
const MOVE_DEADLINE_MS = 30_000;
const AGAIN_MS = 200;

/** Answers by which a server refuses the move of this function without a fault. */
const NO_MOVE = ["GROUND", "POLICY", "ELIGIBLE"];

export async function moveByHand(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(5, "A function moved by hand");
  const [view] = await context.views();
  const isAllowed = (functionId: string, server: string): boolean =>
    context.config?.functions.find(({ id }) => id === functionId)?.servers.includes(server) ?? true;
  const move = view === undefined ? null : movable(view, isAllowed);
  if (move === null) {
    step.leaveOut("no function fits on another server");
    return step.result;
  }
  const { functionId, from, to } = move;
  const client = context.client(from) ?? context.client(to) ?? context.clients[0];
  if (client === undefined) return step.result;
  const before = await context.owners();

  const unconfirmed = await client.ask(`move ${functionId} ${to}`);
  const answer = await confirmed(client, `move ${functionId} ${to} confirm`);
  const words = answer.lines.at(-1) ?? "";
  if (answer.error !== null && NO_MOVE.includes(answer.error)) {
    step.leaveOut(
      `move ${functionId} ${to} confirm was answered with ERR ${answer.error}: ${words}`,
    );
    return step.result;
  }
  step.did(
    `typed move ${functionId} ${to} on the console of ${client.serverId}, then the same with confirm`,
  );
  const asked = unconfirmed.error ?? "OK";
  step.check(
    "answer without confirm",
    "ERR CONFIRM",
    asked === "OK" ? asked : `ERR ${asked}`,
    asked === "CONFIRM",
  );
  const isDone = answer.error === null;
  step.check("answer with confirm", "OK", isDone ? "OK" : `ERR ${answer.error}: ${words}`, isDone);
  if (!isDone) return step.result;
  context.expectRecord(client.serverId, [LOG_ACTION], `MOVE TO ${to}`);

  const expected = { ...before, [functionId]: to };
  context.checkSettlement(step, before, expected, await context.settle(expected, NOBODY));
  const back = await confirmed(client, `move ${functionId} ${from} confirm`);
  step.did(`typed move ${functionId} ${from} confirm, to restore the former state`);
  const isBack = back.error === null;
  step.check(
    "answer to the way back",
    "OK",
    isBack ? "OK" : `ERR ${back.error}: ${back.lines.at(-1)}`,
    isBack,
  );
  if (isBack) context.checkSettlement(step, expected, before, await context.settle(before, NOBODY));
  return step.result;
}

/**
 * Repeats the request while another move is under way: a completed one is announced for some
 * further periods.
 */
async function confirmed(client: ConsoleClient, line: string): Promise<ConsoleAnswer> {
  const deadlineMs = performance.now() + MOVE_DEADLINE_MS;
  for (;;) {
    const answer = await client.ask(line);
    if (!["PENDING", "BUSY"].includes(answer.error ?? "") || performance.now() > deadlineMs)
      return answer;
    await Bun.sleep(AGAIN_MS);
  }
}
