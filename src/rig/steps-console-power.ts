/**
 * Steps 7 and 8 over serial consoles: the operator switches a server off and on again, while the
 * others are watched.
 */

import { LOG_FUNCTION_UP, LOG_SERVER_LOST } from "../boundary/maintenance-code.ts";
import { LOG_POWER_ON, LOG_STARTED_AGAIN } from "../catalogue/supervisor-code.ts";
import { TAKEOVER_MARGIN_MS } from "./acceptance-context.ts";
import { ConsoleFault } from "./console-client.ts";
import { BOOT_DEADLINE_MS, type ConsoleContext, OPERATOR_DEADLINE_MS } from "./console-context.ts";
import { type Absent, Bounds, type ConsoleView, sinceHeard } from "./console-verdict.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { listed, type Owners } from "./verdict.ts";

/** Time that a process may take to start when it only runs where its function is active. */
const PROCESS_START_MS_MAX = 5000;

/** Records to read of a log after a take-over. */
const NEWEST_RECORDS = 100;

export async function powerOff(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(7, "Power-off of one server");
  if (context.skipPower) step.leaveOut("asked for with --skip-power");
  else if (context.clients.length < 2)
    step.leaveOut("there is one console: nobody could watch while its server is off");
  if (context.skipPower || context.clients.length < 2) return step.result;

  const before = await context.owners();
  const victim = await context.mostImportant();
  if (victim === undefined) return step.result;
  const absent: Absent = { off: [victim.serverId], drained: [] };
  const expected = context.plan(before, absent);
  context.off = victim;
  context.operator(`switch server ${victim.serverId} off now`);
  step.did(
    `asked the operator to switch server ${victim.serverId} off, and watched ${listed(context.watching.map(({ serverId }) => serverId))}`,
  );

  const samples: (readonly ConsoleView[])[] = [];
  const look = (views: readonly ConsoleView[]): void => {
    if (views.every((view) => stateOf(view, victim.serverId) === "alive")) samples.length = 0;
    samples.push(views);
  };
  const settlement = await context.settle(expected, absent, {
    deadlineMs: OPERATOR_DEADLINE_MS,
    look,
  });
  context.checkSettlement(step, before, expected, settlement);
  if (!settlement.isSettled) {
    if (samples.length === 1) context.off = null; // it was never switched off
    return step.result;
  }
  checkTimes(context, step, victim.serverId, before, settlement.owners, samples);
  await reportRecordedTimes(context, step, victim.serverId);
  for (const { serverId } of context.watching)
    context.expectRecord(serverId, [LOG_SERVER_LOST], victim.serverId);
  return step.result;
}

/**
 * Times from the loss to the functions that came up after it, by the clock of each server that
 * recorded both.
 */
async function reportRecordedTimes(
  context: ConsoleContext,
  step: ProcedureStep,
  victim: string,
): Promise<void> {
  for (const client of context.watching) {
    const entries = await context.records(client, NEWEST_RECORDS);
    const lost = entries.findLast(
      ({ code, detail, kind }) => code === LOG_SERVER_LOST && detail === victim && kind === "set",
    );
    if (lost === undefined) continue; // step 9 checks for it
    const up = entries.filter(
      ({ code, sequence }) => code === LOG_FUNCTION_UP && sequence > lost.sequence,
    );
    const lastUs = Math.max(...up.map(({ bootUs }) => bootUs));
    const words =
      up.length === 0
        ? "no function up"
        : `the last of ${up.length} functions up ${((lastUs - lost.bootUs) / 1000).toFixed(1)} ms after it`;
    step.did(`read the log of ${client.serverId}: ${victim} lost, and ${words}`);
  }
}

/**
 * How soon the others noticed, and had taken over, as narrowly as looks at their consoles can tell.
 */
function checkTimes(
  context: ConsoleContext,
  step: ProcedureStep,
  victim: string,
  before: Owners,
  after: Owners,
  samples: readonly (readonly ConsoleView[])[],
): void {
  const detected = new Bounds();
  const takenOver = new Bounds();
  const lost = Object.keys(before).filter((id) => before[id] === victim && after[id] !== null);
  for (const views of samples) {
    for (const view of views) {
      const sinceMs = sinceHeard(view, victim);
      const isDetected = stateOf(view, victim) !== "alive";
      detected.take(isDetected, { from: sinceMs.from, to: sinceMs.from });
      const isOver = lost.every((id) => {
        const entry = view.functions.find((candidate) => candidate.id === id);
        return entry?.owner === after[id] && entry?.state === "running";
      });
      takenOver.take(isDetected && isOver, sinceMs);
    }
  }
  const { detectionMs, takeOverMs } = limitsMs(context, lost);
  step.did(
    "measured times from its last keep-alive, to an accuracy of two looks at a console: only a proven excess fails",
  );
  checkBounds(step, `${victim} seen as lost`, detected, detectionMs);
  if (lost.length > 0)
    checkBounds(
      step,
      `${lost.length} functions of ${victim} taken over and running`,
      takenOver,
      takeOverMs,
    );
}

function checkBounds(
  step: ProcedureStep,
  what: string,
  bounds: Bounds,
  limitMs: number | null,
): void {
  const expected =
    limitMs === null
      ? "a time (its limit stands in the configuration, see --config)"
      : `within ${limitMs} ms`;
  const isRight = Number.isFinite(bounds.byMs) && (limitMs === null || bounds.notYetMs <= limitMs);
  step.check(what, expected, bounds.text, isRight);
}

function limitsMs(
  context: ConsoleContext,
  lost: readonly string[],
): { detectionMs: number | null; takeOverMs: number | null } {
  if (context.config === null) return { detectionMs: null, takeOverMs: null };
  const { keepAlive, functions } = context.config;
  const detectionMs = (keepAlive.lostAfterPeriods + 1) * keepAlive.periodMs + TAKEOVER_MARGIN_MS;
  const startMs = functions.some(
    ({ id, command, start }) => lost.includes(id) && command !== null && start !== "always",
  )
    ? PROCESS_START_MS_MAX
    : 0;
  // A function that makes room may use its grace.
  const graceMs = Math.max(
    ...functions.map(({ command, stopGraceMs }) => (command === null ? 0 : stopGraceMs)),
  );
  return { detectionMs, takeOverMs: detectionMs + TAKEOVER_MARGIN_MS + startMs + graceMs };
}

function stateOf(view: ConsoleView, server: string): string {
  return view.servers.find(({ id }) => id === server)?.state ?? "unknown";
}

export async function recovery(context: ConsoleContext): Promise<StepResult> {
  const step = new ProcedureStep(8, "Recovery");
  const { off } = context;
  if (off === null) {
    step.leaveOut("no server was switched off");
    return step.result;
  }
  const { serverId } = off;
  const before = await context.owners();
  const expected = context.plan(before);
  context.operator(`switch server ${serverId} on again`);
  step.did(`asked the operator to switch server ${serverId} on again`);
  const isThere = await answersAgain(context, BOOT_DEADLINE_MS);
  step.check(
    `console of ${serverId}`,
    "answers again",
    isThere ? "answers again" : "silent",
    isThere,
  );
  if (!isThere) return step.result;
  context.off = null;
  context.checkSettlement(step, before, expected, await context.settle(expected));
  // Switching it off alone, as on a bench, is no power-on of its machine.
  context.expectRecord(serverId, [LOG_POWER_ON, LOG_STARTED_AGAIN], "");
  return step.result;
}

async function answersAgain(context: ConsoleContext, limitMs: number): Promise<boolean> {
  const { off } = context;
  for (const deadlineMs = performance.now() + limitMs; performance.now() < deadlineMs; ) {
    try {
      await off?.connect();
      return true;
    } catch (error) {
      if (!(error instanceof ConsoleFault)) throw error;
      await Bun.sleep(500);
      await context.owners(); // keeps the others' sessions alive, and notices an interruption
    }
  }
  return false;
}
