/**
 * A step of the rolling update: a server is drained, gets another part, starts from its slot,
 * proves healthy, and takes part again. The seats watch all the time.
 */
import { realpathSync } from "node:fs";
import type { AcceptanceContext, Settlement } from "./acceptance-context.ts";
import type { CommandResult } from "./command-run.ts";
import { waitFor } from "./condition.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import type { ServerSlots } from "./server-slots.ts";
import type { UpdatePart } from "./update-order.ts";
import { changesBetween, changesText, listed, type Owners, ownerDifferences } from "./verdict.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** Longest gap of an update at any seat, for functions whose process is kept running everywhere. */
const UPDATE_GAP_MS_MAX = 50;

/** Far longer than any of it takes: a slow machine must not fail the aircraft. */
export const REST_DEADLINE_MS = 60_000;

/** Digits of a build digest in keep-alives. */
const BUILD_DIGITS = 12;

/** A server reports its build when it has no fault to report, and a command takes a while. */
const TELL_DEADLINE_MS = 30_000;
const TELL_AGAIN_MS = 250;

/** In addition to the time of a trial: the daemon ends when that is over. */
const TRIAL_MARGIN_S = 60;

export interface PartChange {
  title: string;
  /** The part that flies afterwards. */
  part: UpdatePart;
  /** Consecutive commands: the words after `wingman part`. */
  commands: readonly (readonly string[])[];
  /** Why the previous part was given up, as in `wingman part status`; null when it was not. */
  why: string | null;
}

/** The aircraft with its slots, and what each server should fly. */
export class UpdateContext {
  /** Expected build digests by server. */
  readonly builds = new Map<string, string>();

  constructor(
    readonly acceptance: AcceptanceContext,
    readonly slots: readonly ServerSlots[],
    build: string,
  ) {
    for (const { id } of slots) this.builds.set(id, build);
  }

  get aircraft(): VirtualAircraft {
    return this.acceptance.aircraft;
  }

  slotsOf(server: VirtualServer): ServerSlots {
    return this.slots[server.index] as ServerSlots;
  }
}

/** `isBack`: the server flies the expected part, and the next one may follow. */
export async function changePart(
  context: UpdateContext,
  number: number,
  server: VirtualServer,
  change: PartChange,
): Promise<{ result: StepResult; isBack: boolean }> {
  const { acceptance, aircraft } = context;
  const step = new ProcedureStep(number, `${change.title} of server ${server.id}`);
  const sinceUs = aircraft.nowUs;
  const before = acceptance.owners();
  const planned = (await acceptance.plan(before, [server.id])).assignment;
  checkCommand(step, "drain", await server.command("drain", "--confirm"));
  const ownsNothing = () => !Object.values(acceptance.owners()).includes(server.id);
  const away = await restWithout(acceptance, server, ownsNothing);
  checkRest(step, `functions without ${server.id}`, before, away);
  reportDifferences(step, planned, away.owners);
  const isReady = await exchange(context, step, server, change);
  if (!isReady) return { result: step.result, isBack: false };

  const isHeard = () => server.view()?.phase === "draining" && ownsNothing();
  const joined = await restWithout(acceptance, server, isHeard);
  checkRest(step, `functions while ${server.id} is heard again, still drained`, before, joined);
  const health = await server.command("health");
  step.check("wingman health", "healthy", health.stdout.trim(), health.exitCode === 0);
  context.builds.set(server.id, change.part.build);
  const areReported = await checkReportedBuilds(context, step);

  checkCommand(step, "resume", await server.command("resume", "--confirm"));
  const back = await acceptance.settleByItself(() => server.view()?.phase === "active");
  checkRest(step, `functions with ${server.id}`, joined.owners, back);
  const rested = [before, away.owners, joined.owners, back.owners];
  await checkSeats(acceptance, step, sinceUs, rested);
  const isBack = joined.isSettled && areReported && health.exitCode === 0 && back.isSettled;
  return { result: step.result, isBack };
}

/**
 * From the drained server to the one that has started with the other part and finished its trial.
 */
async function exchange(
  context: UpdateContext,
  step: ProcedureStep,
  server: VirtualServer,
  { part, commands, why }: PartChange,
): Promise<boolean> {
  const isReady =
    (await loadPart(context, step, server, commands)) &&
    (await stopServer(context, step, server)) &&
    (await startServer(context, step, server, part));
  return isReady && (await checkKept(context, step, server, part, why));
}

/** @param commands consecutive commands: the words after `wingman part` */
export async function loadPart(
  context: UpdateContext,
  step: ProcedureStep,
  server: VirtualServer,
  commands: PartChange["commands"],
): Promise<boolean> {
  for (const words of commands) {
    const answer = await context.slotsOf(server).part(server, ...words);
    if (!checkCommand(step, `part ${words[0]}`, answer)) return false;
  }
  return true;
}

export async function stopServer(
  context: UpdateContext,
  step: ProcedureStep,
  server: VirtualServer,
): Promise<boolean> {
  const exitCode = await server.stopDaemon();
  step.did(`SIGTERM to wingman run on server ${server.id}`);
  step.check("exit code of wingman run", "0", String(exitCode), exitCode === 0);
  const vips = await context.acceptance.vipsOf(server);
  step.check(`VIPs left on ${server.id}`, "none", listed(vips), vips.length === 0);
  return true;
}

export async function startServer(
  context: UpdateContext,
  step: ProcedureStep,
  server: VirtualServer,
  part: UpdatePart,
): Promise<boolean> {
  const slots = context.slotsOf(server);
  const boot = await slots.boot(server);
  if (!checkCommand(step, "part boot", boot)) return false;
  const [link = ""] = slots.wingman;
  const isSame = boot.stdout.trim() === realpathSync(link);
  step.check(
    "executable that wingman part boot names",
    "what slots/current leads to",
    isSame ? "what slots/current leads to" : boot.stdout.trim(),
    isSame,
  );
  server.startDaemon();
  step.did(`started slots/current/wingman run: ${part.partNumber}, build ${part.build}`);
  return true;
}

/** The next start uses the same part, and the previous one was given up as expected. */
export async function checkKept(
  context: UpdateContext,
  step: ProcedureStep,
  server: VirtualServer,
  part: UpdatePart,
  why: string | null,
): Promise<boolean> {
  const slots = context.slotsOf(server);
  const startMs = performance.now();
  const { trialS } = context.aircraft.config.parts;
  await waitFor((trialS + TRIAL_MARGIN_S) * 1000, () => !slots.isOnTrial || !server.isServing);
  const tookMs = Math.round(performance.now() - startMs);
  const { current, trial, rolledBack, slots: both } = await slots.status(server);
  const build = both.find(({ slot }) => slot === current)?.build;
  const givenUp = rolledBack?.why ?? null;
  const isKept = build === part.build && trial === null && server.isServing && givenUp === why;
  const past = givenUp === null ? "" : `; given up: ${givenUp}`;
  step.check(
    "wingman part status",
    `build ${part.build}, not on trial${why === null ? "" : `; given up: ${why}`}`,
    `build ${build}, ${trial === null ? "not on trial" : "on trial"}${past}, after ${tookMs} ms`,
    isKept,
  );
  return isKept;
}

/**
 * Every serving server hears from every other one which build it flies. Only layout 6 of the
 * keep-alives carries a build, and it is only used towards servers that understand it.
 */
export async function checkReportedBuilds(
  context: UpdateContext,
  step: ProcedureStep,
): Promise<boolean> {
  const { acceptance, builds } = context;
  let wrong: string[] = [];
  const deadline = performance.now() + TELL_DEADLINE_MS;
  for (;;) {
    const said = await Promise.all(acceptance.serving.map((server) => wrongBuilds(server, builds)));
    wrong = said.flat();
    if (wrong.length === 0 || performance.now() > deadline) break;
    await Bun.sleep(TELL_AGAIN_MS);
  }
  const by = new Map<string, string[]>();
  for (const [id, build] of builds) by.set(build, [...(by.get(build) ?? []), id]);
  const expected = [...by]
    .map(([build, ids]) => `${shortBuild(build)} on ${listed(ids)}`)
    .join("; ");
  step.check(
    "builds by wingman status --json, on every server",
    expected,
    wrong.length === 0 ? expected : listed(wrong),
    wrong.length === 0,
  );
  return wrong.length === 0;
}

async function wrongBuilds(
  server: VirtualServer,
  builds: ReadonlyMap<string, string>,
): Promise<string[]> {
  const { exitCode, stdout, stderr } = await server.command("status", "--json");
  if (exitCode !== 0) return [`${server.id}: ${stderr.trim()}`];
  const { servers } = JSON.parse(stdout) as { servers: { id: string; build: string | null }[] };
  return servers.flatMap(({ id, build }) =>
    build === shortBuild(builds.get(id) ?? "") ? [] : [`${server.id} takes ${id} for ${build}`],
  );
}

const shortBuild = (build: string): string => build.slice(0, BUILD_DIGITS);

/** Waits until the others agree and `wingman plan` finds nothing left to do without the server. */
function restWithout(
  context: AcceptanceContext,
  server: VirtualServer,
  isReached: () => boolean,
): Promise<Settlement> {
  return context.settleByItself(isReached, REST_DEADLINE_MS, [server.id]);
}

/** No function is down where there is room. */
export function checkRest(
  step: ProcedureStep,
  what: string,
  before: Owners,
  after: Settlement,
): void {
  step.check(
    what,
    "all that fit, by wingman plan",
    after.isSettled
      ? `so after ${after.tookMs} ms (${changesText(changesBetween(before, after.owners))})`
      : after.missing,
    after.isSettled,
  );
}

/**
 * A drain passes through several assignments, each based on the previous one: its result may differ
 * from a plan made at once. This is no failure, but it is reported.
 */
function reportDifferences(step: ProcedureStep, planned: Owners, found: Owners): void {
  const differences = ownerDifferences(found, planned);
  if (differences.length === 0) return;
  step.did(`found other owners than wingman plan --down predicted: ${differences.join("; ")}`);
}

/** The seats' observations of the whole update, for every function that had room all the time. */
export async function checkSeats(
  context: AcceptanceContext,
  step: ProcedureStep,
  sinceUs: number,
  rested: readonly Owners[],
): Promise<void> {
  const seen = await context.observe(sinceUs);
  const hasRoom = (id: string) => rested.every((owners) => owners[id] !== null);
  const ids = context.names.functions.filter(hasRoom);
  const limitMs = Math.max(UPDATE_GAP_MS_MAX, 2 * context.aircraft.probeIntervalMs() + 1);
  context.checkGaps(step, "functions that had room all the time", seen, ids, limitMs);
  context.checkOneAnswer(step, seen);
}

export function checkCommand(step: ProcedureStep, name: string, result: CommandResult): boolean {
  const { exitCode, stderr } = result;
  step.did(`wingman ${name}`);
  const answer = exitCode === 0 ? "0" : `${exitCode}: ${stderr.trim()}`;
  step.check(`exit code of wingman ${name}`, "0", answer, exitCode === 0);
  return exitCode === 0;
}
