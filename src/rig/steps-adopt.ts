/**
 * Steps of the move to another table: a newcomer waits with the new one and is adopted, the last
 * servers of the old one leave, and each returns with the new one. The seats watch all the time.
 */
import { tableDigestText } from "../config/digest.ts";
import type { AircraftConfig } from "../config/model.ts";
import { AcceptanceContext } from "./acceptance-context.ts";
import { waitFor } from "./condition.ts";
import { ProcedureStep, type StepResult } from "./procedure-step.ts";
import type { ServerSlots } from "./server-slots.ts";
import {
  checkCommand,
  checkKept,
  checkRest,
  checkSeats,
  loadPart,
  REST_DEADLINE_MS,
  startServer,
  stopServer,
  UpdateContext,
} from "./steps-update.ts";
import type { UpdateOrder } from "./update-order.ts";
import { formatStatistic, gapsOf, listed, type Owners, statisticOf } from "./verdict.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** A newcomer recognises servers with another table within periods; a machine may be busy. */
const KNOWN_DEADLINE_MS = 30_000;

/** The servers with the previous table and those with the other one. */
export class MoveContext {
  /** Servers that fly, or will fly, with the other table. */
  readonly #moved = new Set<VirtualServer>();
  /** Functions that found no room for a while, and since when. */
  readonly stopped = new Set<string>();
  readonly beganUs: number;
  readonly before: AcceptanceContext;
  readonly after: AcceptanceContext;
  /** For actions on a server, whatever its table. */
  readonly update: UpdateContext;

  constructor(
    readonly aircraft: VirtualAircraft,
    readonly slots: readonly ServerSlots[],
    readonly order: UpdateOrder,
    readonly otherTable: AircraftConfig,
    otherFile: string,
  ) {
    this.beganUs = aircraft.nowUs;
    const { config, configFile } = aircraft;
    const isMoved = (server: VirtualServer) => this.#moved.has(server);
    this.before = new AcceptanceContext(aircraft, {
      ...{ config, configFile },
      has: (server) => !isMoved(server),
    });
    this.after = new AcceptanceContext(aircraft, {
      ...{ config: otherTable, configFile: otherFile },
      has: (server) => isMoved(server) && server.isServing,
    });
    this.update = new UpdateContext(this.before, slots, order.from.build);
  }

  /** The server flies with the other table from its next start on. */
  move(server: VirtualServer): void {
    this.#moved.add(server);
    this.slotsOf(server).takeConfiguration(this.otherTable);
  }

  slotsOf(server: VirtualServer): ServerSlots {
    return this.update.slotsOf(server);
  }

  /** Runs `wingman adopt` on that server. */
  async adopt(server: VirtualServer) {
    return await server.command("adopt", "--config", this.slotsOf(server).configFile);
  }
}

const LOAD = (order: UpdateOrder) => [["install", order.to.directory], ["activate"]] as const;

/** `isReady`: it waits with the other table, and is kept. */
export async function newcomer(
  context: MoveContext,
  number: number,
  server: VirtualServer,
): Promise<{ result: StepResult; isReady: boolean }> {
  const { before: old, update, aircraft, order } = context;
  const step = new ProcedureStep(number, `Server ${server.id} waits with the other table`);
  const sinceUs = aircraft.nowUs;
  const owners = old.owners();
  checkCommand(step, "drain", await server.command("drain", "--confirm"));
  const ownsNothing = () => !Object.values(old.owners()).includes(server.id);
  const away = await old.settleByItself(ownsNothing, REST_DEADLINE_MS, [server.id]);
  checkRest(step, `functions without ${server.id}`, owners, away);
  const isStopped =
    (await loadPart(update, step, server, LOAD(order))) && (await stopServer(update, step, server));
  context.move(server);
  if (!isStopped || !(await startServer(update, step, server, order.to)))
    return { result: step.result, isReady: false };

  const isHeldBack = await waitFor(KNOWN_DEADLINE_MS, () => waitsForAll(context, server));
  const view = server.view();
  step.check(
    `${server.id} as it sees itself and the others`,
    `listening; ${listed(old.serving.map(({ id }) => `${id} incompatible`))}`,
    `${view?.phase ?? "not running"}; ${listed(old.serving.map(({ id, index }) => `${id} ${view?.servers[index]}`))}`,
    isHeldBack,
  );
  await checkReports(context, step, server);
  await checkRefusals(context, step, server);
  checkCommand(step, "adopt", await context.adopt(server));
  const { trial } = await context.slotsOf(server).status(server);
  step.check(
    "wingman part status",
    "not on trial",
    trial === null ? "not on trial" : `slot ${trial.slot} on trial`,
    trial === null,
  );
  const [again = ""] = (await context.adopt(server)).stdout.split("\n");
  step.check("wingman adopt, asked again", "kept already", again, again.includes("kept already"));
  checkCommand(step, "resume", await server.command("resume", "--confirm"));
  const rest = await old.settleByItself(() => waitsForAll(context, server));
  checkRest(step, "functions on the servers of the table before", away.owners, rest);
  const vips = await old.vipsOf(server);
  step.check(`VIPs on ${server.id}`, "none", listed(vips), vips.length === 0);
  reportStopped(context, step, owners, rest.owners);
  await checkSeats(old, step, sinceUs, [owners, away.owners, rest.owners]);
  return { result: step.result, isReady: isHeldBack && trial === null && rest.isSettled };
}

/** It is held back, and sees every server of the previous table as one of another table. */
function waitsForAll(context: MoveContext, server: VirtualServer): boolean {
  const view = server.view();
  const { serving } = context.before;
  return (
    view?.phase === "listening" &&
    serving.length > 0 &&
    serving.every(({ index }) => view.servers[index] === "incompatible")
  );
}

/** What people read: `wingman status` on both sides, and `wingman health`. */
async function checkReports(
  context: MoveContext,
  step: ProcedureStep,
  server: VirtualServer,
): Promise<void> {
  const says = async (where: VirtualServer, words: string): Promise<void> => {
    const { stdout } = await where.command("status");
    const lines = stdout.split("\n").filter((line) => line.includes("another table"));
    const found = lines.some((line) => line.includes(words));
    step.check(`wingman status on ${where.id}`, words, listed(lines), found);
  };
  await says(server, "takes no part while");
  for (const other of context.before.serving) await says(other, "another table: no peer");
  const { exitCode, stdout } = await server.command("health");
  const reasons = stdout.trim().split("\n");
  const isForTables = reasons.every((line) => /takes no part|another table/.test(line));
  step.check(
    "wingman health",
    "not healthy, for the tables alone",
    reasons.join("; "),
    exitCode === 1 && isForTables,
  );
}

/** Nothing is adopted in the air, or on a server that serves with the previous table. */
async function checkRefusals(
  context: MoveContext,
  step: ProcedureStep,
  server: VirtualServer,
): Promise<void> {
  server.takeOff();
  const inTheAir = await context.adopt(server);
  server.standOnGround();
  const { isOnTrial } = context.slotsOf(server);
  step.check(
    "wingman adopt in the air",
    "refused; the part stays on trial",
    `exit code ${inTheAir.exitCode}: ${inTheAir.stderr.trim()}${isOnTrial ? "" : "; not on trial"}`,
    inTheAir.exitCode === 1 && inTheAir.stderr.includes("on ground only") && isOnTrial,
  );
  const [other] = context.before.serving;
  if (other === undefined) return;
  const elsewhere = await context.adopt(other);
  step.check(
    `wingman adopt on ${other.id}, which serves with the table before`,
    "refused: no part is on trial",
    `exit code ${elsewhere.exitCode}: ${elsewhere.stderr.trim()}`,
    elsewhere.exitCode === 1 && elsewhere.stderr.includes("no part is on trial"),
  );
}

/** `hasMoved`: the newcomers serve. */
export async function stopLastServers(
  context: MoveContext,
  number: number,
  last: readonly VirtualServer[],
): Promise<{ result: StepResult; hasMoved: boolean }> {
  const { before: old, after: next, update, aircraft, order } = context;
  const names = listed(last.map(({ id }) => id));
  const step = new ProcedureStep(number, `The servers of the table before leave: ${names}`);
  for (const server of last) {
    if (!(await loadPart(update, step, server, LOAD(order))))
      return { result: step.result, hasMoved: false };
  }
  const sinceUs = aircraft.nowUs;
  const rested: Owners[] = [old.owners()];
  for (const [place, server] of last.entries()) {
    await stopServer(update, step, server);
    context.move(server);
    if (place === last.length - 1) break;
    rested.push((await old.settleByItself()).owners);
  }
  const after = await next.settleByItself();
  rested.push(after.owners);
  const [first = {}] = rested;
  checkRest(step, "functions on the servers with the other table", first, after);
  reportStopped(context, step, first, after.owners);
  await checkSeats(next, step, sinceUs, rested);
  return { result: step.result, hasMoved: after.isSettled };
}

/** `isBack`: it takes part with the other table. */
export async function rejoin(
  context: MoveContext,
  number: number,
  server: VirtualServer,
): Promise<{ result: StepResult; isBack: boolean }> {
  const { after: next, update, aircraft, order } = context;
  const step = new ProcedureStep(number, `Server ${server.id} joins with the other table`);
  const sinceUs = aircraft.nowUs;
  const before = next.owners();
  const isStarted =
    (await startServer(update, step, server, order.to)) &&
    (await checkKept(update, step, server, order.to, null));
  if (!isStarted) return { result: step.result, isBack: false };
  const back = await next.settleByItself(() => server.view()?.phase === "active");
  checkRest(step, `functions with ${server.id}`, before, back);
  await checkSeats(next, step, sinceUs, [before, back.owners]);
  return { result: step.result, isBack: back.isSettled };
}

/** Every server is well, and flies the table of the new part. */
export async function allMoved(context: MoveContext, number: number): Promise<StepResult> {
  const step = new ProcedureStep(number, "All servers fly the other table");
  await reportAway(context, step);
  const expected = tableDigestText(context.otherTable); // that of the part, without the rig's processes
  for (const server of context.aircraft.servers) {
    const health = await server.command("health");
    step.check(
      `wingman health on ${server.id}`,
      "healthy",
      health.stdout.trim(),
      health.exitCode === 0,
    );
    const { exitCode, stdout, stderr } = await server.command("status", "--json");
    const digest =
      exitCode === 0 ? (JSON.parse(stdout) as { tableDigest: string }).tableDigest : "";
    step.check(
      `table digest on ${server.id}`,
      expected,
      digest === "" ? stderr.trim() : digest,
      digest === expected,
    );
    const { trial } = await context.slotsOf(server).status(server);
    const kept = trial === null ? "kept" : "on trial";
    step.check(`part on ${server.id}`, "kept", kept, trial === null);
  }
  return step.result;
}

/** A lack of room while servers hold different tables is no failure, but it is reported. */
function reportStopped(
  context: MoveContext,
  step: ProcedureStep,
  before: Owners,
  after: Owners,
): void {
  const ids = Object.keys(before).filter((id) => before[id] !== null && after[id] === null);
  if (ids.length > 0) step.did(`temporarily found no room: ${listed(ids)}`);
  for (const id of ids) context.stopped.add(id);
}

/** Also for how long, as observed by the seats. */
async function reportAway(context: MoveContext, step: ProcedureStep): Promise<void> {
  const { after, aircraft, stopped, beganUs } = context;
  const ids = [...stopped];
  if (ids.length === 0) return;
  for (const { seat, report } of await after.observe(beganUs)) {
    const gaps = gapsOf(report, aircraft.targets, after.indexes(ids));
    const away = formatStatistic(statisticOf(gaps.map(({ gapMs }) => gapMs)));
    step.did(`away for want of room while the fleet moved, as ${seat.name} saw it: ${away}`);
  }
}
