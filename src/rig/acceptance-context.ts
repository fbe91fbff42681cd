/**
 * Everything that the steps of the acceptance procedure share: the aircraft, and questions to it
 * that take more than one line.
 */
import { join } from "node:path";
import { RuntimeError } from "../command-line/errors.ts";
import { parseAddress } from "../config/address.ts";
import type { AircraftConfig } from "../config/model.ts";
import { runCommand } from "./command-run.ts";
import { waitFor } from "./condition.ts";
import type { ProcedureStep } from "./procedure-step.ts";
import {
  agreedOwners,
  changesBetween,
  changesText,
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

/** Far longer than any orderly change takes: a slow machine must not fail the aircraft. */
const SETTLE_DEADLINE_MS = 30_000;

/**
 * Every server starts all its processes at the same time: hundreds on an aircraft with many servers
 * and functions.
 */
const START_DEADLINE_MS = 180_000;

/**
 * Time that a change may take beyond the detection time on a machine that plays the whole aircraft.
 */
export const TAKEOVER_MARGIN_MS = 250;

/**
 * Longest gap of a planned change at any seat, for functions whose process is kept running
 * everywhere.
 */
const PLANNED_GAP_MS_MAX = 10;

/**
 * The same without real-time priority, which the system refuses to an unprivileged user: busy
 * processes come first.
 */
const PLANNED_GAP_MS_MAX_NOT_REALTIME = 50;

/** Time that a process may take to start when it only runs where its function is active. */
const PROCESS_START_MS_MAX = 5000;

/** Time that a running process may take to answer before its gap counts as endless. */
const ANSWER_DEADLINE_MS = 10_000;

/**
 * Lateness of a seat above which something else on the machine disturbed it: planned changes are
 * measured again.
 */
const SEAT_LATENESS_US_MAX = 2000;

export interface Plan {
  assignment: Owners;
  changes: OwnerChanges;
}

export interface Settlement {
  owners: Owners;
  isSettled: boolean;
  /** What is missing, if it is not settled. */
  missing: string;
  tookMs: number;
}

/** The servers that fly with one table, and that table. */
export interface Fleet {
  config: AircraftConfig;
  configFile: string;
  has(server: VirtualServer): boolean;
}

export class AcceptanceContext {
  readonly names: Names;
  readonly #fleet: Fleet;

  /** @param fleet null for all servers, with the table that the aircraft was built for */
  constructor(
    readonly aircraft: VirtualAircraft,
    fleet: Fleet | null = null,
  ) {
    const { config, configFile } = aircraft;
    this.#fleet = fleet ?? { config, configFile, has: () => true };
    const { servers, functions } = this.config;
    this.names = { servers: servers.map(({ id }) => id), functions: functions.map(({ id }) => id) };
  }

  get config(): AircraftConfig {
    return this.#fleet.config;
  }

  /**
   * Silence after which a server counts as failed, plus one period in which its keep-alive may not
   * have been due.
   */
  get detectionMs(): number {
    const { periodMs, lostAfterPeriods } = this.config.keepAlive;
    return (lostAfterPeriods + 1) * periodMs;
  }

  get serving(): VirtualServer[] {
    return this.aircraft.servers.filter((server) => server.isServing && this.#fleet.has(server));
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

  /** VIPs in the kernel of a server, as written in the configuration. */
  async vipsOf(server: VirtualServer): Promise<string[]> {
    const { clients, functions } = this.config;
    const present = new Set(
      (await server.addresses(clients.interface)).map((text) =>
        parseAddress(text)?.bytes.join("."),
      ),
    );
    const vips = functions.flatMap((entry) => entry.vips);
    return vips.filter(({ address }) => present.has(address.join("."))).map(({ text }) => text);
  }

  /**
   * Observations of the seats after `sinceUs`, as soon as every running function is answered. The
   * check of the gaps judges functions that are not answered in time.
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

  /** Current owners, as agreed by the serving servers. */
  owners(): Owners {
    return this.#views().owners;
  }

  /**
   * Runs `wingman plan` of the same executable: the plan for these owners when the servers `down`,
   * and those with another table, are gone.
   */
  async plan(before: Owners, down: readonly string[]): Promise<Plan> {
    const { wingman, directory, servers } = this.aircraft;
    const { configFile } = this.#fleet;
    const others = servers.filter((server) => !this.#fleet.has(server)).map(({ id }) => id);
    const away = [...new Set([...down, ...others])];
    const stateFile = join(directory, "plan-from.json");
    await Bun.write(stateFile, JSON.stringify({ owners: before }));
    const options = [
      "--config",
      configFile,
      "--from",
      stateFile,
      ...(away.length > 0 ? ["--down", away.join(",")] : []),
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
   * Waits until the servers agree and `wingman plan` finds nothing left to do, in whatever state.
   * `isReached` must be true first. The servers `down` count as absent.
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

  /** The check after every {@link settle}. */
  checkSettlement(step: ProcedureStep, settlement: Settlement, plan: Plan): void {
    step.check(
      "functions by server",
      `as wingman plan says (${changesText(plan.changes)})`,
      settlement.isSettled ? `the same, settled after ${settlement.tookMs} ms` : settlement.missing,
      settlement.isSettled,
    );
  }

  /** Checks the gaps of a planned change. */
  checkPlannedGaps(
    step: ProcedureStep,
    what: string,
    seen: SeatObservation[],
    ids: readonly string[],
  ): void {
    if (ids.length > 0) this.checkGaps(step, what, seen, ids, this.#plannedLimitMs(ids));
  }

  /**
   * Whether the figures of a planned change are void: a seat saw too long a gap and was itself
   * delayed at real-time priority, so something else had the machine.
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
   * Checks each seat's gaps of the functions `ids`: the longest gap of every VIP must be at most
   * `limitMs`. A function whose process is only started where it is active is silent during the
   * start; this time is added.
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
   * No seat may receive answers of two servers for a VIP at a time, or of anyone who was not asked.
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

  /** Functions that `wingman plan` leaves alone must be untouched: same server, same process. */
  checkUntouched(step: ProcedureStep, seen: SeatObservation[], kept: readonly string[]): void {
    const indexes = this.indexes(kept);
    const touched = seen.flatMap(({ report }) =>
      report.targets.flatMap(({ changes }, number) => {
        const index = this.aircraft.targets[number]?.functionIndex ?? -1;
        return changes.length > 0 && indexes.has(index) ? [this.names.functions[index] ?? ""] : [];
      }),
    );
    const found = [...new Set(touched)];
    const expected = kept.length === 0 ? "none: no function stays" : `none of ${kept.length}`;
    step.check(
      "functions touched that stay where they are",
      expected,
      found.length === 0 ? expected : listed(found),
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

  /** A single lost probe, however short the outage, shows as a gap of two intervals. */
  #plannedLimitMs(ids: readonly string[]): number {
    const isRealtime = this.aircraft.seats.every(({ notRealtime }) => notRealtime === null);
    const limitMs = isRealtime ? PLANNED_GAP_MS_MAX : PLANNED_GAP_MS_MAX_NOT_REALTIME;
    return Math.max(limitMs, 2 * this.aircraft.probeIntervalMs(this.indexes(ids)) + 1);
  }

  /** Functions whose processes are kept running on every server. */
  runningEverywhere(ids: readonly string[]): string[] {
    const { functions } = this.config;
    return ids.filter((id) => functions[this.functionIndex(id)]?.start === "always");
  }

  /** Function and address of a target. */
  #vipName(target: number): string {
    const vips = this.config.functions.flatMap(({ id, vips }) =>
      vips.map(({ text }) => `${id} at ${text}`),
    );
    return vips[target] ?? "";
  }

  #views() {
    const views = this.serving.map((server) => server.view()).filter((view) => view !== null);
    return { views, ...agreedOwners(views, this.names) };
  }

  /** The first unmet condition; "" when there is none. */
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
