/**
 * What the page shows, as one document: made from the engine's snapshot, the log and an extract of
 * the configuration. Nothing else of this server can be asked for over the network, and nothing
 * here depends on who asks.
 */
import type { AircraftConfig } from "../../config/model.ts";
import { WEB_LOG_MS } from "../../limits.ts";
import {
  type FunctionStatus,
  type StatusDocument,
  serverWord,
} from "../../supervisor/status-document.ts";
import type { FaultEntry, LogEntry, Maintenance, StorageFigures } from "../maintenance.ts";
import { type ServerWords, serverWords } from "../server-words.ts";
import { type Verdict, verdictOf, whyNotRunning } from "./page-verdict.ts";

/** Records of the log on the page: some screens full. The download has all of them. */
const TIMELINE_ENTRIES = 60;

/** Before this the clock has not been set (1 January 2024). */
const UTC_MS_MIN = 1_704_067_200_000;

export interface PageServer extends ServerWords {
  id: string;
  state: string;
  /** The server that this page comes from. */
  isSelf: boolean;
  resource: number;
  remaining: number;
  /** Milliseconds since its last keep-alive; null: never heard. 0 for the server itself. */
  lastHeardMs: number | null;
}

export interface PageFunction {
  id: string;
  priority: number;
  required: number;
  owner: string | null;
  state: string;
  /** Why it does not run; "" while it does. */
  why: string;
  vips: string[];
}

export interface TimelineEntry {
  /** Milliseconds since 1970; null: the clock had no valid time. */
  utcMs: number | null;
  /** Seconds since power-on. */
  bootS: number;
  leg: number;
  server: string;
  kind: LogEntry["kind"];
  class: number;
  label: string;
  text: string;
  about: string;
}

export interface PageState {
  /** One server's own view, or the rig's of the whole virtual aircraft. */
  kind: "server" | "rig";
  system: string;
  /** Identifier of the server; "" on the rig. */
  server: string;
  partNumber: string;
  allocation: string;
  utcMs: number | null;
  onGround: boolean | null;
  /** Milliseconds since the engine's start; null: none runs. */
  uptimeMs: number | null;
  verdict: Verdict;
  /** False: servers and functions are not known at the moment. */
  isKnown: boolean;
  servers: PageServer[];
  functions: PageFunction[];
  keepAlive: {
    periodMs: number;
    lostAfterMs: number;
    /** Lateness of the own keep-alives since the engine's start; null: not known. */
    lateUs: StatusDocument["keepAlive"]["lateUs"] | null;
    rejected: number;
  };
  faults: FaultEntry[];
  /** Newest first. */
  timeline: TimelineEntry[];
  storage: StorageFigures | null;
  /** The contingency book; this release has none. */
  book: null;
  /** What the rig's buttons do to a server: verb and label. */
  actions: (readonly [verb: string, label: string])[];
  /** Why the buttons do nothing at the moment; "" when they work. */
  actionsWait: string;
}

/** Reads the state of a server. The log is read again only when it has grown. */
export class PageStateReader {
  readonly #maintenance: Maintenance;
  #logRead = "";
  #logReadMs = Number.NEGATIVE_INFINITY;
  #faults: FaultEntry[] = [];
  #timeline: TimelineEntry[] = [];

  constructor(maintenance: Maintenance) {
    this.#maintenance = maintenance;
  }

  read(nowUtcMs: number): PageState {
    const { config, serverId, log } = this.#maintenance;
    const status = this.#maintenance.status();
    const storage = log.storage();
    const logNow = `${storage.newestSequence} ${storage.leg} ${storage.powerOn}`;
    const nowMs = performance.now();
    if (logNow !== this.#logRead && nowMs - this.#logReadMs >= WEB_LOG_MS) {
      this.#logReadMs = nowMs;
      this.#faults = log.faults().filter(({ isActive }) => isActive);
      this.#timeline = log.entries({ newest: TIMELINE_ENTRIES }).reverse().map(timelineEntry);
      this.#logRead = logNow;
    }
    const servers = pageServers(status, config, serverId);
    const functions = pageFunctions(status, config, servers);
    return {
      kind: "server",
      ...describe(config),
      server: serverId,
      utcMs: validUtc(nowUtcMs),
      onGround: this.#maintenance.isOnGround(),
      uptimeMs: status?.uptimeMs ?? null,
      verdict: verdictOf({ isKnown: status !== null, servers, functions, faults: this.#faults }),
      isKnown: status !== null,
      servers,
      functions,
      keepAlive: { ...timesOf(config), ...keepAliveFigures(status) },
      faults: this.#faults,
      timeline: this.#timeline,
      storage,
      book: null,
      actions: [],
      actionsWait: "",
    };
  }
}

/** The extract of the configuration: no path, no key, no command. */
export function describe(
  config: AircraftConfig,
): Pick<PageState, "system" | "partNumber" | "allocation"> {
  const { system, partNumber, allocation } = config;
  return { system, partNumber, allocation };
}

export function timesOf({ keepAlive }: AircraftConfig): { periodMs: number; lostAfterMs: number } {
  const { periodMs, lostAfterPeriods } = keepAlive;
  return { periodMs, lostAfterMs: periodMs * lostAfterPeriods };
}

export const validUtc = (utcMs: number): number | null => (utcMs >= UTC_MS_MIN ? utcMs : null);

/**
 * The functions with the reason of those that do not run; `null` as status: nothing is known of
 * them.
 */
export function pageFunctions(
  status: { functions: readonly FunctionStatus[] } | null,
  config: AircraftConfig,
  servers: readonly PageServer[],
): PageFunction[] {
  return config.functions.map(({ id, priority, required, servers: eligible, vips }, index) => {
    const { owner = null, state = "not known" } = status?.functions[index] ?? {};
    const entry = { id, priority, required, owner, state, vips: vips.map(({ text }) => text) };
    return { ...entry, why: status === null ? "" : whyNotRunning(entry, eligible, servers) };
  });
}

function pageServers(
  status: StatusDocument | null,
  config: AircraftConfig,
  serverId: string,
): PageServer[] {
  return config.servers.map(({ id, resource }, index) => {
    const seen = status?.servers[index];
    const isSelf = id === serverId;
    // Its own phase says more than that it is itself; active is what the others call alive.
    const own = status?.draining
      ? "draining"
      : status?.phase === "active"
        ? "alive"
        : (status?.phase ?? "");
    const unseen = isSelf ? "no engine" : "not known";
    const state = seen === undefined ? unseen : isSelf ? own : serverWord(seen);
    const remaining = seen?.remaining ?? resource;
    return {
      id,
      state,
      ...serverWords(state),
      isSelf,
      resource,
      remaining,
      lastHeardMs: seen?.lastHeardMs ?? null,
    };
  });
}

function keepAliveFigures(
  status: StatusDocument | null,
): Pick<PageState["keepAlive"], "lateUs" | "rejected"> {
  if (status === null) return { lateUs: null, rejected: 0 };
  const { lateUs, rejected } = status.keepAlive;
  return { lateUs, rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0) };
}

function timelineEntry(entry: LogEntry): TimelineEntry {
  const { utcMs, bootUs, leg, server, kind, label, text, count, nature } = entry;
  const times = count > 1 ? `${count} times` : "";
  const about = [entry.function, entry.detail, times, nature ?? ""]
    .filter((part) => part !== "")
    .join(", ");
  return { utcMs, bootS: bootUs / 1e6, leg, server, kind, class: entry.class, label, text, about };
}
