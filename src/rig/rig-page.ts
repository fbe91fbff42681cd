/**
 * The maintenance page for the whole virtual aircraft, served by the process outside the
 * namespaces: each server's own snapshot is read from its run directory, what its machine is comes
 * from the process inside, and buttons are the lines that a user may type.
 */
import { join } from "node:path";
import type { AircraftConfig } from "../config/model.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { serverWords } from "../manage/server-words.ts";
import type { PageServer, PageState, TimelineEntry } from "../manage/web/page-state.ts";
import { describe, pageFunctions, timesOf } from "../manage/web/page-state-reader.ts";
import { verdictOf } from "../manage/web/page-verdict.ts";
import { serve, type WebServer } from "../manage/web/web-server.ts";
import { type StatusDocument, statusDocument } from "../supervisor/status-document.ts";
import { readSnapshot } from "../supervisor/status-reader.ts";
import type { RigMessage } from "./rig-message.ts";
import type { MachineState } from "./virtual-server.ts";

export const PAGE_DEFAULT = "127.0.0.1:8045";

/**
 * A snapshot is written once a period; an engine that has not for so long, and for so many periods,
 * does not run.
 */
const FRESH_MS = 500;
const FRESH_PERIODS = 5;

const TIMELINE_ENTRIES = 100;

/** Buttons: a line of the flight commands each, see flight.ts. */
const ACTIONS: PageState["actions"] = [
  ["off", "Cut"],
  ["pause", "Pause"],
  ["kill", "Kill"],
  ["drain", "Drain"],
  ["restore", "Restore"],
];

const WAIT_FOR_PROCEDURE =
  "The acceptance procedure has the aircraft: the buttons work when it is over.";

/** What one server says of itself, as long as it is fresh; null: nothing. */
interface View {
  status: StatusDocument;
  ageMs: number;
}

export class RigPage {
  readonly #config: AircraftConfig;
  /** The rig's temporary directory. */
  readonly #directory: string;
  #machines: MachineState[] = [];
  #isFlying = false;
  #timeline: TimelineEntry[] = [];
  #server: WebServer | null = null;

  constructor(config: AircraftConfig, directory: string) {
    this.#config = config;
    this.#directory = directory;
  }

  /**
   * @param command takes the lines that the buttons stand for
   * @returns the address of the page
   * @throws Error when `listen` cannot be listened at
   */
  serve(listen: string, command: (line: string) => void): string {
    const source = {
      state: () => this.state(),
      log: null,
      command: (verb: string, server: string) => command(`${verb} ${server}`),
    };
    this.#server = serve(listen, source, null, () => undefined);
    return this.#server.url;
  }

  stop(): void {
    this.#server?.stop();
  }

  /** Everything that the process inside tells. */
  take(message: RigMessage): void {
    if (message.kind === "machines") this.#machines = message.states;
    if (message.kind === "concluded") this.#isFlying = true;
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
      return {
        id,
        state,
        ...serverWords(state),
        isSelf: false,
        resource,
        remaining: resource - used,
        lastHeardMs,
      };
    });
    const pictured = pageFunctions({ functions }, config, servers);
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
        lateUs: worst?.status.keepAlive.lateUs ?? null,
        networks: [],
        lease: "",
        rejected: rejected.reduce((sum, count) => sum + count, 0),
      },
      faults: [],
      timeline: this.#timeline,
      storage: null,
      dataLoad: null,
      book: null,
      actions: ACTIONS,
      actionsWait: this.#isFlying ? "" : WAIT_FOR_PROCEDURE,
    };
  }

  #serverState(index: number, views: readonly (View | null)[]): string {
    const machine = this.#machines[index] ?? "off";
    if (machine !== "on") return machine;
    const status = views[index]?.status;
    if (status === undefined) return "listening";
    return status.draining ? "draining" : status.phase === "active" ? "alive" : status.phase;
  }

  #view(id: string): View | null {
    const snapshot = readSnapshot(join(this.#directory, "servers", id, "run", "status"));
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
 * Every function with the server that says itself that it has it; where two do, the one that has
 * said so last is alive.
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
    const entry = { id, priority, required, vips: addresses, couldRunOn: [], cannotRunOn: [] };
    for (const { status } of newestFirst) {
      const own = status.functions[index];
      if (own !== undefined && own.owner === status.server) return own;
    }
    return { ...entry, owner: null, state: "stopped", ready: false };
  });
}

/** Since the last keep-alive of a server that any other has accepted. */
function heardMs(index: number, views: readonly (View | null)[]): number | null {
  const ages = views.flatMap((view, own) => {
    const sinceMs = own === index ? null : (view?.status.servers[index]?.lastHeardMs ?? null);
    return view === null || sinceMs === null ? [] : [sinceMs + view.ageMs];
  });
  return ages.length === 0 ? null : Math.min(...ages);
}
