/**
 * Makes the document of a server's page from the engine's snapshot, the log and an extract of the
 * configuration. Nothing here depends on who asks.
 */
import type { AircraftConfig } from "../../config/model.ts";
import { validUtc } from "../../io/valid-utc.ts";
import { WEB_LOG_MS } from "../../limits.ts";
import {
  type FunctionStatus,
  faultsElsewhere,
  leaseText,
  type StatusDocument,
  serverWord,
  standbyText,
} from "../../supervisor/status-document.ts";
import type { FaultEntry, LogEntry, Maintenance } from "../maintenance.ts";
import { serverWords } from "../server-words.ts";
import type { PageFunction, PageServer, PageState, TimelineEntry } from "./page-state.ts";
import { verdictOf, whyNotRunning } from "./page-verdict.ts";

/** Records of the log on the page: some screens full. The download has all of them. */
const TIMELINE_ENTRIES = 60;

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
      verdict: verdictOf({
        ...{ isKnown: status !== null, servers, functions, faults: this.#faults },
        elsewhere: faultsElsewhere(status),
      }),
      isKnown: status !== null,
      servers,
      functions,
      keepAlive: { ...timesOf(config), ...keepAliveFigures(status) },
      faults: this.#faults,
      timeline: this.#timeline,
      storage,
      dataLoad: this.#maintenance.dataLoad(),
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
    const seen = status?.functions[index];
    const { owner = null, state = "not known" } = seen ?? {};
    const entry = { id, priority, required, owner, state, vips: vips.map(({ text }) => text) };
    const standby = seen === undefined ? "-" : standbyText(seen);
    return {
      ...entry,
      standby,
      why: status === null ? "" : whyNotRunning(entry, eligible, servers),
    };
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
): Pick<PageState["keepAlive"], "lateUs" | "rejected" | "networks" | "lease"> {
  if (status === null) return { lateUs: null, rejected: 0, networks: [], lease: "" };
  const { networks } = status;
  const { lateUs, rejected } = status.keepAlive;
  return {
    networks,
    lease: leaseText(status),
    lateUs,
    rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0),
  };
}

function timelineEntry(entry: LogEntry): TimelineEntry {
  const { utcMs, bootUs, leg, server, kind, label, text, count, nature } = entry;
  const times = count > 1 ? `${count} times` : "";
  const about = [entry.function, entry.detail, times, nature ?? ""]
    .filter((part) => part !== "")
    .join(", ");
  return { utcMs, bootS: bootUs / 1e6, leg, server, kind, class: entry.class, label, text, about };
}
