/**
 * What every step of the acceptance procedure needs: the aircraft, and questions to it that take
 * more than one line.
 */
import { join } from "node:path";
import { RuntimeError } from "../command-line/errors.ts";
import { parseAddress } from "../config/address.ts";
import { runCommand } from "./command-run.ts";
import { waitFor } from "./condition.ts";
import type { ProcedureStep } from "./procedure-step.ts";
import {
  agreedOwners,
  changesBetween,
  formatStatistic,
  gapsOf,
  listed,
  type Names,
  type OwnerChanges,
  type Owners,
  ownerDifferences,
  statisticOf,
} from "./verdict.ts";
import type { SeatObservation, VirtualAircraft } from "./virtual-aircraft.ts";
import type { VirtualServer } from "./virtual-server.ts";

/** Far longer than any orderly change takes, so that a slow machine does not fail the aircraft. */
const SETTLE_DEADLINE_MS = 30_000;

/**
 * Every server starts all its processes at the same time: hundreds on an aircraft with many servers
 * and functions.
 */
const START_DEADLINE_MS = 180_000;

/**
 * What a change may take beyond the detection time on a machine that is the whole aircraft at once.
 */
export const TAKEOVER_MARGIN_MS = 250;

/**
 * No seat sees a longer gap in a planned change, of functions whose process is kept running
 * everywhere.
 */
const PLANNED_GAP_MS_MAX = 10;

/**
 * The same where the system refuses real-time priority, as it does to an unprivileged user: whoever
 * is busy comes first.
 */
const PLANNED_GAP_MS_MAX_NOT_REALTIME = 50;

/** What a process may take to start when it is started only where its function is active. */
const PROCESS_START_MS_MAX = 5000;

/** How long a process that runs may take to answer before the gap counts as one without an end. */
const ANSWER_DEADLINE_MS = 10_000;

/**
 * A seat that was this late itself was disturbed by something else on the machine: planned changes
 * are measured again.
 */
const SEAT_LATENESS_US_MAX = 2000;

export interface Plan {
  assignment: Owners;
  changes: OwnerChanges;
}

export interface Settlement {
  owners: Owners;
  isSettled: boolean;
  /** What is missing, when it is not. */
  missing: string;
  tookMs: number;
}

export class AcceptanceContext {
  readonly names: Names;

  constructor(readonly aircraft: VirtualAircraft) {
    const { servers, functions } = aircraft.config;
    this.names = { servers: servers.map(({ id }) => id), functions: functions.map(({ id }) => id) };
  }

  /**
   * Silence after which a server counts as failed, and one period in which it might just not have
   * been due.
   */
  get detectionMs(): number {
    const { periodMs, lostAfterPeriods } = this.aircraft.config.keepAlive;
    return (lostAfterPeriods + 1) * periodMs;
  }

  get serving(): VirtualServer[] {
    return this.aircraft.servers.filter((server) => server.isServing);
  }

  functionIndex(id: string): number {
    return this.names.functions.indexOf(id);
  }

  indexes(ids: readonly string[]): Set<number> {
    return new Set(ids.map((id) => this.functionIndex(id)));
  }

  indexMap(ids: readonly string[]): Map<string, number> {
    return new Map(ids.map((id) => [id, this.functionIndex(id)]));
  }

  /** The VIPs, as written in the configuration, that the kernel of a server has. */
  async vipsOf(server: VirtualServer): Promise<string[]> {
    const { clients, functions } = this.aircraft.config;
    const present = new Set(
      (await server.addresses(clients.interface)).map((text) =>
        parseAddress(text)?.bytes.join("."),
      ),
    );
    const vips = functions.flatMap((entry) => entry.vips);
    return vips.filter(({ address }) => present.has(address.join("."))).map(({ text }) => text);
  }

  /**
   * What the seats saw after `sinceUs`, as soon as everything that runs is answered. What is not
   * answered in good time is left to the judgement of the gaps.
   */
  async observe(sinceUs: number): Promise<SeatObservation[]> {
    const deadline = performance.now() + ANSWER_DEADLINE_MS;
    for (;;) {
      const seen = await this.aircraft.observe(sinceUs);
      const owners = this.owners();
      const isSilent = seen.some(({ report }) =>
        this.aircraft.targets.some(({ functionIndex }, number) => {
          const runs = owners[this.names.functions[functionIndex] ?? ""] !== null;
          return (
            runs && (report.targets[number]?.gaps.some(({ endUs }) => endUs === null) ?? false)
          );
        }),
      );
      if (!isSilent || performance.now() > deadline) return seen;
    }
  }

  /** What the serving servers agree on now. */
  owners(): Owners {
    return this.#views().owners;
  }

  /**
   * `wingman plan` of the same executable: what must happen to these owners when the servers `down`
   * are gone.
   */
  async plan(before: Owners, down: readonly string[]): Promise<Plan> {
    const { wingman, configFile, directory } = this.aircraft;
    const stateFile = join(directory, "plan-from.json");
    await Bun.write(stateFile, JSON.stringify({ owners: before }));
    const options = [
      "--config",
      configFile,
      "--from",
      stateFile,
      ...(down.length > 0 ? ["--down", down.join(",")] : []),
    ];
    const output = await runCommand([...wingman, "plan", ...options, "--json"]);
    const { assignment } = JSON.parse(output) as { assignment?: Owners };
    if (assignment === undefined) throw new RuntimeError("wingman plan --json gives no assignment");
    return { assignment, changes: changesBetween(before, assignment) };
  }

  /** Waits until the serving servers are in order, hear each other and run exactly `expected`. */
  async settle(expected: Owners): Promise<Settlement> {
    const start = performance.now();
    let missing = "";
    const isSettled = await waitFor(SETTLE_DEADLINE_MS, () => {
      missing = this.#missingFrom(expected);
      return missing === "";
    });
    return {
      owners: this.owners(),
      isSettled,
      missing,
      tookMs: Math.round(performance.now() - start),
    };
  }

  /**
   * Waits until the servers agree and `wingman plan` finds nothing left to do, whatever state that
   * is. `isReached` is what must have happened before. The servers `down` are counted as away.
   */
  async settleByItself(
    isReached: () => boolean = () => true,
    deadlineMs = START_DEADLINE_MS,
    down: readonly string[] = [],
  ): Promise<Settlement> {
    const start = performance.now();
    for (;;) {
      let missing = "what was asked for has not happened";
      const isAgreed = await waitFor(deadlineMs, () => {
        if (isReached()) missing = this.#missingFrom(this.owners());
        return missing === "";
      });
      const owners = this.owners();
      const left = isAgreed
        ? ownerDifferences(owners, (await this.plan(owners, down)).assignment)
        : [];
      const tookMs = Math.round(performance.now() - start);
      if (isAgreed && left.length === 0) return { owners, isSettled: true, missing, tookMs };
      if (tookMs > deadlineMs)
        return { owners, isSettled: false, missing: missing || left.join("; "), tookMs };
    }
  }

  /** The check that follows every {@link settle}. */
  checkSettlement(step: ProcedureStep, settlement: Settlement, plan: Plan): void {
    const { moved, stopped, started, kept } = plan.changes;
    const parts = [
      `moved: ${listed(moved)}`,
      `stopped: ${listed(stopped)}`,
      `started: ${listed(started)}`,
    ];
    step.check(
      "functions by server",
      `as wingman plan says (${parts.join("; ")}; ${kept.length} not touched)`,
      settlement.isSettled ? `the same, settled after ${settlement.tookMs} ms` : settlement.missing,
      settlement.isSettled,
    );
  }

  /** The gaps of a planned change. */
  checkPlannedGaps(
    step: ProcedureStep,
    what: string,
    seen: SeatObservation[],
    ids: readonly string[],
  ): void {
    if (ids.length > 0) this.checkGaps(step, what, seen, ids, this.#plannedLimitMs(ids));
  }

  /**
   * Whether the figures of a planned change say nothing: a seat saw too long a gap, and was itself
   * held up at real-time priority, so something else had the machine.
   */
  isDisturbed(seen: SeatObservation[], ids: readonly string[]): boolean {
    const limitMs = this.#plannedLimitMs(ids);
    return seen.some(({ report }) => {
      const gaps = gapsOf(report, this.aircraft.targets, this.indexes(this.runningEverywhere(ids)));
      return (
        report.latenessUsMax > SEAT_LATENESS_US_MAX && gaps.some(({ gapMs }) => gapMs > limitMs)
      );
    });
  }

  /**
   * Each seat's gaps of the functions `ids`: the longest of every VIP must be at most `limitMs`. A
   * function whose process is started only where it is active is silent while the process starts,
   * which is allowed for on top.
   */
  checkGaps(
    step: ProcedureStep,
    what: string,
    seen: SeatObservation[],
    ids: readonly string[],
    limitMs: number,
  ): void {
    const running = this.runningEverywhere(ids);
    const starting = ids.filter((id) => !running.includes(id));
    this.#checkGapsOf(step, what, seen, running, limitMs);
    this.#checkGapsOf(
      step,
      `${what}, with the start of a process`,
      seen,
      starting,
      limitMs + PROCESS_START_MS_MAX,
    );
  }

  /**
   * No seat may have had answers of two servers for a VIP at a time, or of anyone who was not
   * asked.
   */
  checkOneAnswer(step: ProcedureStep, seen: SeatObservation[]): void {
    const overlaps = seen.flatMap(({ seat, report }) =>
      report.targets.flatMap(({ overlaps }, number) =>
        overlaps.map(({ first, second }) => {
          const index = this.aircraft.targets[number]?.functionIndex ?? -1;
          return `${this.names.functions[index]} by ${this.names.servers[first]} and ${this.names.servers[second]} (${seat.name})`;
        }),
      ),
    );
    const foreign = seen.reduce(
      (sum, { report }) => sum + report.targets.reduce((part, { foreign }) => part + foreign, 0),
      0,
    );
    step.check(
      "functions answered by two servers at a time",
      "none",
      `${listed([...new Set(overlaps)])}${foreign > 0 ? `; ${foreign} answers from a wrong address or function` : ""}`,
      overlaps.length === 0 && foreign === 0,
    );
  }

  /**
   * Functions that `wingman plan` leaves alone must not have been touched: same server, same
   * process.
   */
  checkUntouched(step: ProcedureStep, seen: SeatObservation[], kept: readonly string[]): void {
    const indexes = this.indexes(kept);
    const touched = seen.flatMap(({ report }) =>
      report.targets.flatMap(({ changes }, number) => {
        const index = this.aircraft.targets[number]?.functionIndex ?? -1;
        return changes.length > 0 && indexes.has(index) ? [this.names.functions[index] ?? ""] : [];
      }),
    );
    const found = [...new Set(touched)];
    const expected = `none of ${kept.length}`;
    step.check(
      "functions touched that stay where they are",
      expected,
      found.length === 0 ? "none" : listed(found),
      found.length === 0,
    );
  }

  #checkGapsOf(
    step: ProcedureStep,
    what: string,
    seen: SeatObservation[],
    ids: readonly string[],
    limitMs: number,
  ): void {
    if (ids.length === 0) return;
    for (const { seat, report } of seen) {
      const gaps = gapsOf(report, this.aircraft.targets, this.indexes(ids));
      const statistic = statisticOf(gaps.map(({ gapMs }) => gapMs));
      const longest = gaps.find(({ gapMs }) => gapMs > 0 && gapMs === statistic?.max);
      const worst =
        longest === undefined ? "" : `; the longest was ${this.#vipName(longest.target)}`;
      const lateness =
        report.latenessUsMax > SEAT_LATENESS_US_MAX
          ? `; the seat itself was up to ${report.latenessUsMax} µs late`
          : "";
      step.check(
        `gap that ${seat.name} saw, ${what}`,
        `at most ${limitMs} ms`,
        `${formatStatistic(statistic)}${worst}${lateness}`,
        statistic !== null && statistic.max <= limitMs,
      );
    }
  }

  /** One probe that is lost, of whatever short outage, shows as a gap of two intervals. */
  #plannedLimitMs(ids: readonly string[]): number {
    const isRealtime = this.aircraft.seats.every(({ notRealtime }) => notRealtime === null);
    const limitMs = isRealtime ? PLANNED_GAP_MS_MAX : PLANNED_GAP_MS_MAX_NOT_REALTIME;
    return Math.max(limitMs, 2 * this.aircraft.probeIntervalMs(this.indexes(ids)) + 1);
  }

  /** Those whose processes are kept running on every server. */
  runningEverywhere(ids: readonly string[]): string[] {
    const { functions } = this.aircraft.config;
    return ids.filter((id) => functions[this.functionIndex(id)]?.start === "always");
  }

  /** Function and address of a target. */
  #vipName(target: number): string {
    const vips = this.aircraft.config.functions.flatMap(({ id, vips }) =>
      vips.map(({ text }) => `${id} at ${text}`),
    );
    return vips[target] ?? "";
  }

  #views() {
    const views = this.serving.map((server) => server.view()).filter((view) => view !== null);
    return { views, ...agreedOwners(views, this.names) };
  }

  /** The first thing that is not yet as it must be; "" when all is. */
  #missingFrom(expected: Owners): string {
    const { serving } = this;
    const { owners, disagreed } = this.#views();
    for (const server of serving) {
      const view = server.view();
      if (view === null) return `server ${server.id} has not started`;
      if (view.phase === "draining") continue;
      if (view.phase !== "active") return `server ${server.id} is ${view.phase}`;
      for (const other of serving) {
        const state = view.servers[other.index];
        const otherPhase = other.view()?.phase;
        if (other === server || otherPhase === "draining" || state === "alive") continue;
        return `server ${server.id} sees ${other.id} as ${state}`;
      }
    }
    if (disagreed.length > 0) return `the servers do not agree about ${listed(disagreed)}`;
    const differences = ownerDifferences(owners, expected);
    if (differences.length > 0) return differences.join("; ");
    for (const server of serving) {
      const view = server.view();
      for (const [index, id] of this.names.functions.entries()) {
        const state = view?.functions[index]?.state;
        if (expected[id] === server.id && state !== "running")
          return `${id} on ${server.id} is ${state}`;
      }
    }
    return "";
  }
}
