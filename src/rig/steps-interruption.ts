/**
 * Step 9: all servers lose their power at the same instant, for as long as in tests of airborne
 * equipment. The whole is one convergence: every function comes back once, and stays.
 */
import { join } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import { replayed } from "../manage/log/decisions.ts";
import { LogImage } from "../manage/log/log-image.ts";
import { LOG_FILE } from "../manage/log/log-store.ts";
import type { AcceptanceContext, Settlement } from "./acceptance-context.ts";
import { furtherChangesOf, unansweredSince, windowOf } from "./interruption-verdict.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { formatMs, listed, type Owners, ownerDifferences } from "./verdict.ts";
import type { PowerInterruption, SeatObservation } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** From the shortest interruption to the longest (categories of DO-160, section 16). */
const LENGTHS_MS = [2, 50, 1_000];

/**
 * Time from the power's return to the first answer: machines and daemons start, and every server
 * starts all its processes, on a machine that plays the whole aircraft.
 */
const BOOT_MS_MAX = 3_000;
const PROCESS_MS_MAX = 100;

/** Time for the seats to receive the first answer of each running function. */
const ANSWER_DEADLINE_MS = 10_000;
const POLL_MS = 20;

/** One interruption and its results. */
interface Round {
  lengthMs: number;
  sinceUs: number;
  /** Time when no process of the earlier life was left. */
  backUs: number;
  /** Begin of the next interruption, or of the procedure's next step. */
  untilUs: number;
  power: PowerInterruption;
  settlement: Settlement;
  /** Time between the first and the last engine's begin. */
  apartMs: number;
  /** Maximum lateness of any keep-alive since. */
  lateMs: number;
  /** Servers with more than one new incarnation of their engine. */
  restarted: string[];
  /** Functions without a timely answer to some seat. */
  unanswered: string[];
}

export async function powerInterruptions(context: AcceptanceContext): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(9, "Power interruption of all servers");
  const rounds: Round[] = [];
  for (const lengthMs of LENGTHS_MS) {
    const round = await interrupt(context, lengthMs);
    rounds.push(round);
    if (!round.settlement.isSettled) break; // the following steps would mean nothing
    round.unanswered = await awaitAnswers(context, round);
    round.untilUs = aircraft.nowUs;
  }
  const seen = await context.observe(rounds[0]?.sinceUs ?? 0);
  const last = rounds.at(-1);
  if (last !== undefined) last.untilUs = Number.POSITIVE_INFINITY;
  const nobody: Owners = Object.fromEntries(context.names.functions.map((id) => [id, null]));
  const { assignment } = await context.plan(nobody, []);
  for (const round of rounds) judge(context, step, round, seen, assignment);
  context.checkOneAnswer(step, seen);
  for (const server of aircraft.servers) checkDecisions(context, step, server);
  return step.result;
}

/** Recomputes a server's decisions since the procedure began, from its log. */
function checkDecisions(
  { aircraft }: AcceptanceContext,
  step: ProcedureStep,
  { id, stateDirectory }: VirtualServer,
): void {
  const { whole } = LogImage.read(join(stateDirectory, LOG_FILE)).decisions();
  const same = replayed(aircraft.config, whole).filter(({ isSame }) => isSame).length;
  step.check(
    `decisions in the log of ${id}, repeated`,
    "all of them with the same answer",
    `${same} of ${whole.length}`,
    whole.length > 0 && same === whole.length,
  );
}

async function interrupt(context: AcceptanceContext, lengthMs: number): Promise<Round> {
  const { aircraft } = context;
  const incarnations = aircraft.servers.map((server) => {
    const before = server.view()?.incarnation ?? 0;
    return { server, before, first: before };
  });
  const sinceUs = aircraft.nowUs;
  const power = await aircraft.interruptPower(lengthMs);
  const backUs = sinceUs + 1000 * power.offMs;
  // Leftovers of an earlier run in the run directory do not count.
  const haveStarted = (): boolean => {
    for (const each of incarnations) {
      if (each.first > each.before) continue;
      each.first = each.server.view()?.incarnation ?? each.before;
    }
    return incarnations.every(({ first, before }) => first > before);
  };
  const settlement = await context.settleByItself(haveStarted);
  const startsUs = aircraft.servers.flatMap((server) => server.view()?.startedUs ?? []);
  const restarted = incarnations.filter(
    ({ server, first }) => (server.view()?.incarnation ?? first) !== first,
  );
  return {
    lengthMs,
    sinceUs,
    backUs,
    untilUs: aircraft.nowUs,
    power,
    settlement,
    apartMs: (Math.max(...startsUs) - Math.min(...startsUs)) / 1000,
    lateMs: Math.max(0, ...aircraft.servers.map((each) => each.view()?.latenessUsMax ?? 0)) / 1000,
    restarted: restarted.map(({ server }) => server.id),
    unanswered: [],
  };
}

/**
 * Waits until every seat has an answer of every running function.
 * @returns functions without one
 */
async function awaitAnswers(context: AcceptanceContext, round: Round): Promise<string[]> {
  const { aircraft } = context;
  const { settlement, backUs } = round;
  const running = context.indexes(runningOf(settlement.owners));
  const deadline = performance.now() + ANSWER_DEADLINE_MS;
  for (;;) {
    const reports = await Promise.all(aircraft.seats.map((seat) => seat.report(backUs)));
    const missing = reports.flatMap((report) =>
      unansweredSince(report, aircraft.targets, running, backUs),
    );
    if (missing.length === 0 || performance.now() > deadline) return functionsOf(context, missing);
    await Bun.sleep(POLL_MS);
  }
}

const runningOf = (owners: Owners): string[] =>
  Object.keys(owners).filter((id) => owners[id] !== null);

/** The functions of these targets, without duplicates. */
function functionsOf({ aircraft, names }: AcceptanceContext, targets: readonly number[]): string[] {
  const ids = targets.map((target) => {
    const index = aircraft.targets[target]?.functionIndex ?? -1;
    return names.functions[index] ?? "none";
  });
  return [...new Set(ids)];
}

function judge(
  context: AcceptanceContext,
  step: ProcedureStep,
  round: Round,
  seen: readonly SeatObservation[],
  expected: Owners,
): void {
  const { aircraft, names } = context;
  const { lengthMs, power, settlement, restarted } = round;
  const what = `after ${lengthMs} ms without power`;
  const { spreadMs, offMs, bootedMs } = power;
  step.did(
    `killed every process of ${aircraft.servers.length} servers within ${formatMs(spreadMs)} ms; after ${formatMs(offMs)} ms they were gone and the power back, after ${formatMs(bootedMs)} ms they started wingman run`,
  );
  step.check(
    `${what}, the servers agree and have nothing left to do`,
    "yes",
    settlement.isSettled ? `yes, ${settlement.tookMs} ms after their start` : settlement.missing,
    settlement.isSettled,
  );
  if (!settlement.isSettled) return;
  reportOutcome(step, what, round, expected, aircraft.config.allocation);
  step.check(
    `${what}, engines that restarted a second time`,
    "none",
    listed(restarted),
    restarted.length === 0,
  );
  step.check(
    `${what}, functions that a seat never had an answer of`,
    "none",
    listed(round.unanswered),
    round.unanswered.length === 0,
  );
  const running = runningOf(settlement.owners);
  const processes = aircraft.servers.length * names.functions.length;
  const limitMs = lengthMs + BOOT_MS_MAX + PROCESS_MS_MAX * processes;
  const seenThen = seen.map(({ seat, report }) => ({
    seat,
    report: windowOf(report, round.sinceUs, round.untilUs),
  }));
  context.checkGaps(step, what, seenThen, running, limitMs);
  for (const observation of seenThen) checkRelapses(context, step, what, observation, running);
}

/**
 * Servers that begin together are expected to reach the policy's assignment from nothing. Those
 * that do not hear each other while they listen reach another one, which is no failure. Both are
 * reported.
 */
function reportOutcome(
  step: ProcedureStep,
  what: string,
  { apartMs, lateMs, settlement }: Round,
  expected: Owners,
  policy: AircraftConfig["allocation"],
): void {
  const differences = ownerDifferences(settlement.owners, expected);
  const outcome =
    differences.length === 0
      ? "the same"
      : `not the same: ${listed(differences)} (allowed with ${policy}: servers started one after another)`;
  step.did(
    `${what}, engines began within ${formatMs(apartMs)} ms, keep-alives were up to ${formatMs(lateMs)} ms late; compared with wingman plan from nothing: ${outcome}`,
  );
}

/** Each seat saw each function go once and return once. */
function checkRelapses(
  context: AcceptanceContext,
  step: ProcedureStep,
  what: string,
  { seat, report }: SeatObservation,
  running: readonly string[],
): void {
  const { targets } = context.aircraft;
  const relapses = furtherChangesOf(report, targets, context.indexes(running));
  const unnoticed = functionsOf(context, relapses.unnoticed);
  step.check(
    `${what}, functions whose outage ${seat.name} did not notice`,
    "none",
    listed(unnoticed),
    unnoticed.length === 0,
  );
  const moved = functionsOf(context, relapses.moved);
  step.check(
    `${what}, functions that ${seat.name} saw move or start again`,
    "none",
    listed(moved),
    moved.length === 0,
  );
  const { gapMs, gapTarget } = relapses;
  step.check(
    `${what}, second gap that ${seat.name} saw`,
    `at most ${context.detectionMs} ms`,
    gapMs === 0 ? "none" : `${formatMs(gapMs)} ms, ${listed(functionsOf(context, [gapTarget]))}`,
    gapMs <= context.detectionMs,
  );
}
