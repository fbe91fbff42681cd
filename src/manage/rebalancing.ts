/**
 * Carries out a rebalancing: one manual move after the other, each begun when the previous one is
 * done, through the engine of one server. Nothing is remembered: a kill on the way leaves at most
 * one move, which the engine finishes by itself, and the next request does the rest.
 */
import { timingOf } from "../boundary/timing.ts";
import { NO_BREAK, paragraph } from "../command-line/paragraph.ts";
import { situationOf } from "../config/foresight.ts";
import type { AircraftConfig } from "../config/model.ts";
import {
  keepsWhatRuns,
  type RebalanceMove,
  type RebalancePlan,
  rebalancePlan,
} from "../config/rebalancing.ts";
import { READY_TIMEOUT_MS_DEFAULT } from "../limits.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";
import { MOVE_REFUSALS, MOVE_REFUSED_NOT_SERVING, MOVE_REFUSED_POLICY } from "../wire/control.ts";
import { MaintenanceError } from "./maintenance.ts";

/** The server that is asked: its state and its engine. Both throw MaintenanceError. */
export interface AskedServer {
  readonly config: AircraftConfig;
  status(): Promise<StatusDocument>;
  /** Returns when the move begins. */
  move(functionId: string, serverId: string): Promise<void>;
}

const POLL_MS = 50;
/** Extra time beyond a hand-over, on a busy machine. */
const EXTRA_MS = 2000;

/**
 * The current moves. Waits until nothing is under way, but at most for the time that one function
 * takes to move and become ready.
 * @throws MaintenanceError POLICY, PHASE, ENGINE, or PENDING naming what is still under way
 */
export async function settledPlan(asked: AskedServer): Promise<RebalancePlan> {
  const { config } = asked;
  if (!keepsWhatRuns(config)) throw refused(MOVE_REFUSED_POLICY);
  const readyMs = Math.max(0, ...config.functions.map(({ id }) => readyMsOf(config, id)));
  const endMs = performance.now() + handoverMsOf(config) + readyMs;
  for (;;) {
    const status = await asked.status();
    if (status.phase !== "active") throw refused(MOVE_REFUSED_NOT_SERVING);
    const unsettled = underWay(status);
    if (unsettled === "") return rebalancePlan(config, status);
    if (performance.now() >= endMs) throw new MaintenanceError("PENDING", unsettled);
    await Bun.sleep(POLL_MS);
  }
}

/**
 * Makes the moves of `plan`. `onMoved` is called after each: its function is ready at its new
 * place.
 * @throws MaintenanceError when one is refused (the code says why), was given up (GIVENUP), is not
 * ready in time (READY), or something else has changed (CHANGED); completed moves stay
 */
export async function carryOut(
  plan: RebalancePlan,
  asked: AskedServer,
  onMoved: (move: RebalanceMove) => void,
): Promise<void> {
  const rest = [...plan.moves];
  const expected = new Expected(await asked.status());
  try {
    for (let move = rest[0]; move !== undefined; move = rest[0]) {
      await begin(move, expected, asked);
      await untilDone(move, expected, asked);
      expected.take(move);
      rest.shift();
      onMoved(move);
    }
  } catch (error) {
    if (!(error instanceof MaintenanceError)) throw error;
    const done = plan.moves.length - rest.length;
    const text = `stopped after ${done} of ${plan.moves.length} moves: ${error.message}`;
    throw new MaintenanceError(error.code, text);
  }
}

/** Requests the move; repeats the request while another move is still being announced. */
async function begin(move: RebalanceMove, expected: Expected, asked: AskedServer): Promise<void> {
  const endMs = performance.now() + handoverMsOf(asked.config);
  for (;;) {
    const status = await asked.status();
    expected.require(status, move);
    if (ownerOf(status, move.function) === move.to) return; // by a killed process
    try {
      await asked.move(move.function, move.to);
      return;
    } catch (error) {
      const isPending = error instanceof MaintenanceError && error.code === "PENDING";
      if (!isPending || performance.now() >= endMs) throw error;
    }
    await Bun.sleep(POLL_MS);
  }
}

async function untilDone(
  move: RebalanceMove,
  expected: Expected,
  asked: AskedServer,
): Promise<void> {
  const { function: id, from, to } = move;
  const movedByMs = performance.now() + handoverMsOf(asked.config);
  let readyByMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const status = await asked.status();
    expected.require(status, move);
    const nowMs = performance.now();
    if (ownerOf(status, id) === to) {
      if (isReady(status, id)) return;
      const readyMs = readyMsOf(asked.config, id);
      readyByMs = Math.min(readyByMs, nowMs + readyMs);
      if (nowMs >= readyByMs)
        throw new MaintenanceError("READY", `${id} is not ready on ${to} after ${readyMs} ms`);
    } else if (nowMs >= movedByMs) {
      const where = ownerOf(status, id) === from ? `stays on ${from}` : "runs nowhere";
      throw new MaintenanceError("GIVENUP", `${id} was to move to ${to}, and ${where}`);
    }
    await Bun.sleep(POLL_MS);
  }
}

/** Expected state: who takes functions and who runs what, except for the current move. */
class Expected {
  readonly #table: string;
  readonly #takes: ReadonlySet<string>;
  readonly #owners: Map<string, string | null>;

  constructor(status: StatusDocument) {
    this.#table = status.tableDigest;
    this.#takes = takersIn(status);
    this.#owners = new Map(status.functions.map(({ id, owner }) => [id, owner]));
  }

  take({ function: id, to }: RebalanceMove): void {
    this.#owners.set(id, to);
  }

  /** @throws MaintenanceError CHANGED */
  require(status: StatusDocument, { function: moving, from, to }: RebalanceMove): void {
    if (status.tableDigest !== this.#table) throw changed("the table is another one");
    const takes = takersIn(status);
    for (const { id } of status.servers) {
      if (takes.has(id) === this.#takes.has(id)) continue;
      throw changed(`server ${id} takes ${takes.has(id) ? "functions again" : "no functions now"}`);
    }
    for (const { id, owner } of status.functions) {
      const isExpected =
        id === moving ? [null, from, to].includes(owner) : owner === this.#owners.get(id);
      if (!isExpected)
        throw changed(`${id} ${owner === null ? "has stopped" : `runs on ${owner}`}`);
    }
  }
}

function takersIn(status: StatusDocument): Set<string> {
  const { down } = situationOf(status);
  return new Set(status.servers.map(({ id }) => id).filter((id) => !down.includes(id)));
}

/** `games is starting on b`; "" when nothing is under way. */
function underWay({ functions, servers }: StatusDocument): string {
  for (const { id, owner, state } of functions)
    if (state === "starting" || state === "stopping")
      return `${id} is ${state}${owner === null ? "" : ` on ${owner}`}`;
  const coming = servers.find(
    ({ state, phase }) => state === "joining" || (state === "alive" && phase === "listening"),
  );
  return coming === undefined ? "" : `server ${coming.id} is coming back`;
}

const ownerOf = (status: StatusDocument, id: string): string | null | undefined =>
  status.functions.find((entry) => entry.id === id)?.owner;

const isReady = (status: StatusDocument, id: string): boolean =>
  status.functions.find((entry) => entry.id === id)?.ready === true;

function readyMsOf({ functions }: AircraftConfig, id: string): number {
  return functions.find((entry) => entry.id === id)?.ready?.timeoutMs ?? READY_TIMEOUT_MS_DEFAULT;
}

/** After this time a move is done or given up. */
function handoverMsOf({ keepAlive, functions }: AircraftConfig): number {
  const graceMs = Math.max(0, ...functions.map(({ stopGraceMs }) => stopGraceMs));
  const { periodMs, lostAfterPeriods, recoveredAfterPeriods } = keepAlive;
  const timing = timingOf(periodMs, lostAfterPeriods, recoveredAfterPeriods, graceMs);
  return timing.handoverUs / 1000 + EXTRA_MS;
}

function refused(reason: number): MaintenanceError {
  const { code, text } = MOVE_REFUSALS[reason] as (typeof MOVE_REFUSALS)[number];
  return new MaintenanceError(code, text);
}

const changed = (what: string): MaintenanceError =>
  new MaintenanceError("CHANGED", `${what}, which the plan did not know`);

/** The planned actions for people, one line per move. */
export function planLines({ moves, before, after, mostEven, fewest }: RebalancePlan): string[] {
  const bound = mostEven ? "fewer moves may do" : "a more even load may be possible";
  return [
    ...moves.map(({ function: id, from, to }) => `${id} leaves ${from} and runs on ${to}`),
    ...remainingLines("remaining now: ", before),
    ...(moves.length > 0 ? remainingLines("remaining then: ", after) : []),
    ...(mostEven && fewest ? [] : [`the search hit its bound: ${bound}`]),
  ];
}

/** A long list continues in the next line. */
export function remainingLines(label: string, remaining: Readonly<Record<string, number>>) {
  const each = Object.entries(remaining).map(([id, units]) => `${id}${NO_BREAK}${units}`);
  return paragraph(`${label}${each.join(", ")}`, "", "  ").split("\n");
}
