/**
 * Step 9: all servers lose their power at one instant, for as long as equipment on board is tested
 * with. All of it is one convergence: every function comes back once, and stays.
 */
import type { AcceptanceContext, Settlement } from "./acceptance-context.ts";
import { relapsesOf, unansweredSince, windowOf } from "./interruption-verdict.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import { formatMs, listed, type Owners, ownerDifferences } from "./verdict.ts";
import type { PowerInterruption, SeatObservation } from "./virtual-aircraft.ts";

/** From the shortest interruption to the longest (categories of DO-160, section 16). */
const LENGTHS_MS = [2, 50, 1_000];

/**
 * From the power's return to the first answer: machines and daemons start, and every server all its
 * processes, on a machine that is the whole aircraft at once.
 */
const BOOT_MS_MAX = 3_000;
const PROCESS_MS_MAX = 100;

/** How long the seats may wait for the first answer of what runs. */
const ANSWER_DEADLINE_MS = 10_000;
const LOOK_MS = 20;

/** One interruption, and what came of it. */
interface Round {
  lengthMs: number;
  sinceUs: number;
  /** When no process of the earlier life was left. */
  backUs: number;
  /** When the next one began, or the procedure went on. */
  untilUs: number;
  power: PowerInterruption;
  settlement: Settlement;
  /** From the first engine's beginning to the last one's. */
  apartMs: number;
  /** The greatest lateness of any keep-alive since. */
  lateMs: number;
  /** Servers whose engine was seen in more than one new incarnation. */
  restarted: string[];
  /** Functions of which a seat had no answer in good time. */
  unanswered: string[];
}

export async function powerInterruptions(context: AcceptanceContext): Promise<StepResult> {
  const { aircraft } = context;
  const step = new ProcedureStep(9, "Power interruption of all servers");
  const rounds: Round[] = [];
  for (const lengthMs of LENGTHS_MS) {
    const round = await interrupt(context, lengthMs);
    rounds.push(round);
    if (!round.settlement.isSettled) break; // nothing that follows would mean anything
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
  return step.result;
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
  // What an earlier run has left in the run directory says nothing.
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

/** Until every seat has an answer of everything that runs. @returns what has none */
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
    await Bun.sleep(LOOK_MS);
  }
}

const runningOf = (owners: Owners): string[] =>
  Object.keys(owners).filter((id) => owners[id] !== null);

/** The functions of these targets, each once. */
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
  tellOutcome(step, what, round, expected);
  step.check(
    `${what}, engines that began anew once more`,
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
 * Servers that begin together are expected to run what the policy gives from nothing; those that do
 * not hear each other while they listen come to another outcome, which is no failure. Both are told.
 */
function tellOutcome(
  step: ProcedureStep,
  what: string,
  { apartMs, lateMs, settlement }: Round,
  expected: Owners,
): void {
  const differences = ownerDifferences(settlement.owners, expected);
  const outcome = differences.length === 0 ? "the same" : `not the same: ${listed(differences)}`;
  step.did(
    `${what}, engines began within ${formatMs(apartMs)} ms, keep-alives were up to ${formatMs(lateMs)} ms late; held against wingman plan from nothing: ${outcome}`,
  );
}

/** Each seat saw each function go once and come back once. */
function checkRelapses(
  context: AcceptanceContext,
  step: ProcedureStep,
  what: string,
  { seat, report }: SeatObservation,
  running: readonly string[],
): void {
  const { targets } = context.aircraft;
  const relapses = relapsesOf(report, targets, context.indexes(running));
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
