/**
 * Everything that the steps of the procedure over serial consoles share: the consoles, their
 * combined view, the plan, and the operator.
 */
import { RuntimeError } from "../command-line/errors.ts";
import type { AircraftConfig } from "../config/model.ts";
import { WhatIf } from "../config/what-if.ts";
import type { LogEntry, StorageFigures } from "../manage/maintenance.ts";
import type { ConsoleClient } from "./console-client.ts";
import {
  type Absent,
  agreedOwners,
  type ConsoleView,
  mostImportant,
  NOBODY,
  notRunning,
  overloads,
  type ShownFunction,
  type ShownServer,
  unserved,
  wrongStates,
} from "./console-verdict.ts";
import type { ProcedureStep } from "./procedure-step.ts";
import { changesBetween, changesText, listed, type Owners, ownerDifferences } from "./verdict.ts";

/** Far longer than any orderly change takes; on a slow line one look may take as long. */
const SETTLE_DEADLINE_MS = 30_000;
const SETTLE_LOOKS_MIN = 3;
/** Waiting time for the operator; the session of an idle console ends later than that. */
export const OPERATOR_DEADLINE_MS = 300_000;
/** A server that was switched on boots first. */
export const BOOT_DEADLINE_MS = 300_000;
/** Interval between two looks at all consoles. */
const POLL_MS = 100;

export interface Settlement {
  readonly owners: Owners;
  readonly isSettled: boolean;
  /** What is missing, if it is not settled. */
  readonly missing: string;
  readonly tookMs: number;
}

/** A record that the procedure must have left in a server's log. */
export interface ExpectedRecord {
  readonly server: string;
  /** One of these codes (catalogue/). */
  readonly codes: readonly number[];
  /** Begin of its detail; "" for any. */
  readonly detail: string;
}

export interface ConsoleContextOptions {
  readonly clients: readonly ConsoleClient[];
  /** null when only the servers' own statements are known. */
  readonly config: AircraftConfig | null;
  /** Nobody is asked to switch anything. */
  readonly skipPower: boolean;
  /** Shows words to the operator at once. */
  readonly operator: (text: string) => void;
}

export class ConsoleContext {
  readonly clients: readonly ConsoleClient[];
  readonly config: AircraftConfig | null;
  readonly skipPower: boolean;
  readonly expected: ExpectedRecord[] = [];
  /** State of the logs at the beginning, by server. */
  readonly logsBefore = new Map<string, StorageFigures>();
  readonly operator: (text: string) => void;
  /** Identifiers of all servers, as soon as a console has shown them. */
  serverIds: readonly string[] = [];
  /** A server that is drained and not yet resumed. */
  drained: ConsoleClient | null = null;
  /** The server that is switched off: it is not asked. */
  off: ConsoleClient | null = null;
  isInterrupted = false;
  readonly #whatIf: WhatIf | null;

  constructor({ clients, config, skipPower, operator }: ConsoleContextOptions) {
    this.clients = clients;
    this.config = config;
    this.skipPower = skipPower;
    this.operator = operator;
    this.#whatIf = config === null ? null : new WhatIf(config);
  }

  /** Consoles of servers that are on. */
  get watching(): ConsoleClient[] {
    return this.clients.filter((client) => client !== this.off);
  }

  client(serverId: string): ConsoleClient | undefined {
    return this.clients.find((client) => client.serverId === serverId);
  }

  /** Current views of all consoles of servers that are on. */
  async views(): Promise<ConsoleView[]> {
    this.requireGoingOn();
    const looks = await Promise.allSettled(
      this.watching.map(async (client) => {
        const beganMs = performance.now();
        const servers = await client.document<ShownServer[]>("show servers");
        const functions = await client.document<ShownFunction[]>("show functions");
        return { id: client.serverId, servers, functions, spanMs: performance.now() - beganMs };
      }),
    );
    // Only now no line is in the middle of an answer any more.
    return looks.map((look) => {
      if (look.status === "rejected") throw look.reason;
      return look.value;
    });
  }

  /** @throws RuntimeError when somebody has pressed Ctrl-C */
  requireGoingOn(): void {
    if (this.isInterrupted) throw new RuntimeError("interrupted before the end of the procedure");
  }

  async owners(): Promise<Owners> {
    return agreedOwners(await this.views()).owners;
  }

  /**
   * Among the servers with a console, the one with the most important function: its loss shows the
   * most.
   */
  async mostImportant(): Promise<ConsoleClient | undefined> {
    const [view] = await this.views();
    const candidates = this.watching.map(({ serverId }) => serverId);
    return view === undefined ? undefined : this.client(mostImportant(view, candidates) ?? "");
  }

  /** Owners that the policy wants next; null without a configuration. */
  plan(before: Owners, { off, drained }: Absent = NOBODY): Owners | null {
    return (
      this.#whatIf?.plan({ owners: before, down: [...off, ...drained], cannotRun: {} })
        .assignment ?? null
    );
  }

  /**
   * Waits until all consoles show the same order: everybody in the expected state, nothing beyond
   * capacity, every owned function running, and the owners `expected`. Without `expected`, nothing
   * may visibly be left undone.
   * @param look receives the views of every round
   */
  async settle(
    expected: Owners | null,
    absent: Absent = NOBODY,
    { deadlineMs = SETTLE_DEADLINE_MS, look = (_views: readonly ConsoleView[]): void => {} } = {},
  ): Promise<Settlement> {
    const beganMs = performance.now();
    for (let looks = 1; ; looks++) {
      const views = await this.views();
      look(views);
      const missing = missingFrom(views, expected, absent);
      const tookMs = Math.round(performance.now() - beganMs);
      if (missing === "" || (tookMs > deadlineMs && looks >= SETTLE_LOOKS_MIN)) {
        return { owners: agreedOwners(views).owners, isSettled: missing === "", missing, tookMs };
      }
      await Bun.sleep(POLL_MS);
    }
  }

  /** The check after a {@link settle}. */
  checkSettlement(
    step: ProcedureStep,
    before: Owners,
    expected: Owners | null,
    settlement: Settlement,
  ): void {
    const { owners, isSettled, missing, tookMs } = settlement;
    const words = (after: Owners): string => changesText(changesBetween(before, after));
    step.check(
      "functions by server, as all consoles show it",
      expected === null
        ? "one owner for each that has room, nothing beyond capacity, all running"
        : `as the plan says (${words(expected)})`,
      isSettled
        ? `so after ${tookMs} ms${expected === null ? ` (${words(owners)})` : ""}`
        : missing,
      isSettled,
    );
  }

  expectRecord(server: string, codes: readonly number[], detail: string): void {
    this.expected.push({ server, codes, detail });
  }

  /** The newest records of a server's log, oldest first. */
  async records(client: ConsoleClient, count: number): Promise<LogEntry[]> {
    return await client.document<LogEntry[]>(`show log -n ${count}`);
  }

  /**
   * Ends what the procedure has begun: no server stays drained, and every console waits for Enter,
   * as before.
   */
  async leave(): Promise<void> {
    for (const client of this.watching) {
      try {
        if (client === this.drained) await client.ask("resume");
        await client.exit();
      } catch {
        // The fault of this line has already been reported.
      }
    }
    for (const client of this.clients) client.close();
  }
}

function missingFrom(
  views: readonly ConsoleView[],
  expected: Owners | null,
  absent: Absent,
): string {
  const states = wrongStates(views, absent);
  if (states.length > 0) return states.join("; ");
  const { owners, disagreed } = agreedOwners(views);
  if (disagreed.length > 0) return `the servers do not agree about ${listed(disagreed)}`;
  const wrong = expected === null ? unserved(views, absent) : ownerDifferences(owners, expected);
  return [...overloads(views), ...wrong, ...notRunning(views)].join("; ");
}
