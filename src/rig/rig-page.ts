/**
 * Maintenance page for the whole virtual aircraft, served by the process outside the namespaces.
 * Each server's snapshot is read from its run directory, the states of the machines come from the
 * process inside, and buttons are lines of the user's commands.
 */

import { join } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import type { Situation } from "../config/what-if.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { Reasons } from "../manage/reasons.ts";
import { serverWords } from "../manage/server-words.ts";
import { reportedFaults } from "../manage/web/page-faults.ts";
import type {
  PageGap,
  PageGaps,
  PageServer,
  PageState,
  TimelineEntry,
} from "../manage/web/page-state.ts";
import { acceptedBy, describe, pageFunctions, timesOf } from "../manage/web/page-state-reader.ts";
import { verdictOf } from "../manage/web/page-verdict.ts";
import { serve, type WebServer } from "../manage/web/web-server.ts";
import { type StatusDocument, statusDocument } from "../supervisor/status-document.ts";
import { readSnapshot } from "../supervisor/status-reader.ts";
import type { EndedGap } from "./gap-board.ts";
import { serverDirectory } from "./rig-directory.ts";
import type { RigMessage, SeenGaps } from "./rig-message.ts";
import type { MachineState } from "./virtual-server.ts";

export const PAGE_DEFAULT = "127.0.0.1:8045";

/**
 * A snapshot is written once per period; an engine that has not written one for this long, and for
 * this many periods, does not run.
 */
const FRESH_MS = 500;
const FRESH_PERIODS = 5;

const TIMELINE_ENTRIES = 100;

/** Buttons, each with a line of the flight commands, see flight.ts. */
const ACTIONS: PageState["actions"] = [
  ["off", "Cut"],
  ["pause", "Pause"],
  ["kill", "Kill"],
  ["drain", "Drain"],
  ["restore", "Restore"],
];

const WAIT_FOR_PROCEDURE =
  "The acceptance procedure has the aircraft: the buttons work when it is over.";

/** A server's own statement while it is fresh; null when there is none. */
interface View {
  status: StatusDocument;
  ageMs: number;
}

export class RigPage {
  readonly #config: AircraftConfig;
  /** The rig's temporary directory. */
  readonly #directory: string;
  readonly #reasons: Reasons;
  #machines: MachineState[] = [];
  #isFlying = false;
  #timeline: TimelineEntry[] = [];
  #seen: SeenGaps | null = null;
  #server: WebServer | null = null;

  constructor(config: AircraftConfig, directory: string) {
    this.#config = config;
    this.#directory = directory;
    this.#reasons = new Reasons(config);
  }

  /**
   * @param command takes the lines of the buttons
   * @returns the address of the page
   * @throws Error when `listen` cannot be bound
   */
  serve(listen: string, command: (line: string) => void): string {
    const source = {
      state: () => this.state(),
      book: { config: this.#config, situation: () => this.#situation() },
      log: null,
      command: (verb: string, server: string) => command(`${verb} ${server}`),
    };
    this.#server = serve(listen, source, null, () => undefined);
    return this.#server.url;
  }

  stop(): void {
    this.#server?.stop();
  }

  /** Takes a message of the process inside. */
  take(message: RigMessage): void {
    if (message.kind === "machines") this.#machines = message.states;
    if (message.kind === "concluded") this.#isFlying = true;
    if (message.kind === "gaps") this.#seen = message.seen;
    if (message.kind === "note") this.#note("NOTE", message.text);
    if (message.kind === "step") {
      const { number, title, passed } = message.result;
      this.#note(`STEP ${number}`, `${title}: ${passed ? "passed" : "FAILED"}`);
    }
  }

  state(): PageState {
    const config = this.#config;
    const views = config.servers.map(({ id }, index) =>
      this.#machines[index] === "on" ? this.#view(id) : null,
    );
    const functions = ownedFunctions(config, views);
    const servers = config.servers.map(({ id, resource }, index): PageServer => {
      const state = this.#serverState(index, views);
      const used = functions.reduce(
        (sum, { owner, required }) => (owner === id ? sum + required : sum),
        0,
      );
      const lastHeardMs = heardMs(index, views);
      const own = views[index]?.status.servers[index];
      const { capacity = 100 } = own ?? {};
      return {
        id,
        state,
        ...serverWords(state),
        isSelf: false,
        resource,
        ...{ capacity, holds: own?.holds ?? false },
        remaining: Math.floor((resource * capacity) / 100) - used,
        lastHeardMs,
      };
    });
    const pictured = pageFunctions({ functions }, config, servers, this.#reasons);
    const present = views.filter((view) => view !== null);
    const worst = present.reduce<View | null>(
      (found, view) =>
        view.status.keepAlive.lateUs.max > (found?.status.keepAlive.lateUs.max ?? -1)
          ? view
          : found,
      null,
    );
    const rejected = present.flatMap(({ status }) => Object.values(status.keepAlive.rejected));
    return {
      kind: "rig",
      ...describe(config),
      server: "",
      utcMs: Date.now(),
      onGround: null,
      uptimeMs: null,
      verdict: verdictOf({ isKnown: true, servers, functions: pictured, faults: [] }),
      isKnown: true,
      servers,
      functions: pictured,
      keepAlive: {
        ...timesOf(config),
        accepted: present.map(({ status }) => acceptedBy(status)),
        lateUs: worst?.status.keepAlive.lateUs ?? null,
        networks: [],
        lease: "",
        rejected: rejected.reduce((sum, count) => sum + count, 0),
      },
      ...reportedFaults(
        present.map(({ status }) => status),
        Date.now(),
      ),
      gaps: this.#gaps(),
      timeline: this.#timeline,
      storage: null,
      hasDecisions: false,
      dataLoad: null,
      down: downOf(servers),
      actions: ACTIONS,
      actionsWait: this.#isFlying ? "" : WAIT_FOR_PROCEDURE,
    };
  }

  /** What the seats see, by the clock that people know. */
  #gaps(): PageGaps | null {
    const seen = this.#seen;
    if (seen === null) return null;
    const startMs = Date.now() - nowUs() / 1000;
    const utcMs = (atUs: number): number => Math.round(startMs + atUs / 1000);
    const shown = (gap: EndedGap | null): PageGap | null =>
      gap === null ? null : { ms: gap.ms, endedUtcMs: utcMs(gap.endedUs) };
    const functions = this.#config.functions.flatMap(({ id }, index) => {
      const { openMs = null, last = null, worst = null } = seen.functions[index] ?? {};
      if (openMs === null && worst === null) return [];
      return [{ id, openMs, last: shown(last), worst: shown(worst) }];
    });
    return { sinceUtcMs: utcMs(seen.sinceUs), everyMs: seen.everyMs, functions };
  }

  /** What the contingency book starts from. */
  #situation(): Situation {
    const { servers, functions } = this.state();
    const owners = Object.fromEntries(functions.map(({ id, owner }) => [id, owner]));
    return { owners, down: downOf(servers), cannotRun: {} };
  }

  #serverState(index: number, views: readonly (View | null)[]): string {
    const machine = this.#machines[index] ?? "off";
    if (machine !== "on") return machine;
    const status = views[index]?.status;
    if (status === undefined) return "listening";
    return status.draining ? "draining" : status.phase === "active" ? "alive" : status.phase;
  }

  #view(id: string): View | null {
    const snapshot = readSnapshot(join(serverDirectory(this.#directory, id), "run", "status"));
    if (snapshot === null) return null;
    const ageMs = (nowUs() - snapshot.writtenUs) / 1000;
    const freshMs = Math.max(FRESH_MS, FRESH_PERIODS * this.#config.keepAlive.periodMs);
    return ageMs > freshMs ? null : { status: statusDocument(snapshot, this.#config), ageMs };
  }

  #note(label: string, text: string): void {
    const entry = {
      utcMs: Date.now(),
      bootS: nowUs() / 1e6,
      leg: 0,
      server: "rig",
      label,
      text,
      about: "",
    };
    this.#timeline = [{ ...entry, kind: "event" as const, class: 0 }, ...this.#timeline].slice(
      0,
      TIMELINE_ENTRIES,
    );
  }
}

/**
 * Every function with the server that claims it; where two do, the one with the newer statement is
 * alive.
 */
function ownedFunctions(
  config: AircraftConfig,
  views: readonly (View | null)[],
): StatusDocument["functions"] {
  const newestFirst = views
    .filter((view) => view !== null)
    .sort((one, other) => one.ageMs - other.ageMs);
  return config.functions.map(({ id, priority, required, vips }, index) => {
    const addresses = vips.map(({ text }) => text);
    const cannotRunOn = newestFirst[0]?.status.functions[index]?.cannotRunOn ?? [];
    const entry = { id, priority, required, vips: addresses, couldRunOn: [], cannotRunOn };
    for (const { status } of newestFirst) {
      const own = status.functions[index];
      if (own !== undefined && own.owner === status.server) return own;
    }
    return { ...entry, owner: null, state: "stopped", ready: false };
  });
}

/** Servers that take no functions. */
function downOf(servers: readonly PageServer[]): string[] {
  return servers
    .filter(({ state }) => state !== "alive" && state !== "listening")
    .map(({ id }) => id);
}

/** Age of a server's last keep-alive that any other has accepted. */
function heardMs(index: number, views: readonly (View | null)[]): number | null {
  const ages = views.flatMap((view, own) => {
    const sinceMs = own === index ? null : (view?.status.servers[index]?.lastHeardMs ?? null);
    return view === null || sinceMs === null ? [] : [sinceMs + view.ageMs];
  });
  return ages.length === 0 ? null : Math.min(...ages);
}
