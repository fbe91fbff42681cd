/**
 * Makes the document of a server's page from the engine's snapshot, the log and an extract of the
 * configuration. It is the same for every reader.
 */

import { LOG_DECISION } from "../../boundary/maintenance-code.ts";
import { situationOf } from "../../config/foresight.ts";
import type { AircraftConfig } from "../../config/model.ts";
import { validUtc } from "../../io/valid-utc.ts";
import { CAPACITY_MAX, WEB_LOG_MS } from "../../limits.ts";
import {
  type FunctionStatus,
  faultsElsewhere,
  leaseText,
  type StatusDocument,
  standbyText,
} from "../../supervisor/status-document.ts";
import type { FaultEntry, LogEntry, Maintenance } from "../maintenance.ts";
import { Reasons, serversSeen } from "../reasons.ts";
import { serverWords } from "../server-words.ts";
import { pageFaults } from "./page-faults.ts";
import type {
  PageAccepted,
  PageFunction,
  PageServer,
  PageState,
  TimelineEntry,
} from "./page-state.ts";
import { verdictOf } from "./page-verdict.ts";

/** Records of the log on the page: a few screens. The download has all of them. */
const TIMELINE_ENTRIES = 60;

/** Reads the state of a server. The log is read again only when it has grown. */
export class PageStateReader {
  readonly #maintenance: Maintenance;
  readonly #reasons: Reasons;
  #logRead = "";
  #logReadMs = Number.NEGATIVE_INFINITY;
  #faults: FaultEntry[] = [];
  #timeline: TimelineEntry[] = [];
  #hasDecisions = false;

  constructor(maintenance: Maintenance) {
    this.#maintenance = maintenance;
    this.#reasons = new Reasons(maintenance.config);
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
      this.#readEntries();
      this.#logRead = logNow;
    }
    const servers = pageServers(status, config, serverId);
    const functions = pageFunctions(status, config, servers, this.#reasons);
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
      ...pageFaults(this.#faults, status, serverId, nowUtcMs),
      gaps: null,
      timeline: this.#timeline,
      storage,
      hasDecisions: this.#hasDecisions,
      dataLoad: this.#maintenance.dataLoad(),
      down: status === null ? [] : [...situationOf(status).down],
      actions: [],
      actionsWait: "",
    };
  }

  /** Of the log: the first time all of it, for the decisions, and then what is new. */
  #readEntries(): void {
    const { log } = this.#maintenance;
    const newest = this.#timeline.length === 0 ? undefined : TIMELINE_ENTRIES;
    const entries = log.entries({
      ...(newest === undefined ? {} : { newest }),
      withoutParts: true,
    });
    this.#hasDecisions ||= entries.some(({ code }) => code === LOG_DECISION);
    this.#timeline = entries.slice(-TIMELINE_ENTRIES).reverse().map(timelineEntry);
  }
}

/** Extract of the configuration: no path, no key, no command. */
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

/** The functions with their reasons; `null` as status: nothing is known of them. */
export function pageFunctions(
  status: { functions: readonly FunctionStatus[] } | null,
  config: AircraftConfig,
  servers: readonly PageServer[],
  reasons: Reasons,
): PageFunction[] {
  const said = status === null ? null : reasons.of(status.functions, servers);
  return config.functions.map(({ id, priority, required, vips }, index) => {
    const seen = status?.functions[index];
    const { owner = null, state = "not known" } = seen ?? {};
    const entry = { id, priority, required, owner, state, vips: vips.map(({ text }) => text) };
    const standby = seen === undefined ? "-" : standbyText(seen);
    return { ...entry, standby, why: said?.get(id)?.why ?? "" };
  });
}

function pageServers(
  status: StatusDocument | null,
  config: AircraftConfig,
  serverId: string,
): PageServer[] {
  const told = status === null ? [] : serversSeen(status);
  return config.servers.map(({ id, resource }, index) => {
    const seen = status?.servers[index];
    const isSelf = id === serverId;
    const unseen = isSelf ? "no engine" : "not known";
    const state = told[index]?.state ?? unseen;
    const remaining = seen?.remaining ?? resource;
    return {
      id,
      state,
      ...serverWords(state),
      isSelf,
      resource,
      ...{ capacity: seen?.capacity ?? CAPACITY_MAX, holds: seen?.holds ?? false },
      remaining,
      lastHeardMs: seen?.lastHeardMs ?? null,
    };
  });
}

function keepAliveFigures(
  status: StatusDocument | null,
): Pick<PageState["keepAlive"], "lateUs" | "rejected" | "accepted" | "networks" | "lease"> {
  if (status === null) return { lateUs: null, rejected: 0, accepted: [], networks: [], lease: "" };
  const { networks } = status;
  const { lateUs, rejected } = status.keepAlive;
  return {
    networks,
    lease: leaseText(status),
    lateUs,
    accepted: [acceptedBy(status)],
    rejected: Object.values(rejected).reduce((sum, count) => sum + count, 0),
  };
}

/** What the keep-alives of others are counted against. */
export function acceptedBy(status: StatusDocument): PageAccepted {
  const { server, servers, keepAlive, uptimeMs } = status;
  const heard = servers.filter(({ state }) => state === "alive").length;
  return { server, accepted: keepAlive.accepted, atMs: uptimeMs, heard };
}

function timelineEntry(entry: LogEntry): TimelineEntry {
  const { utcMs, bootUs, leg, server, kind, label, text, count, nature } = entry;
  const times = count > 1 ? `${count} times` : "";
  const about = [entry.function, entry.detail, times, nature ?? ""]
    .filter((part) => part !== "")
    .join(", ");
  return { utcMs, bootS: bootUs / 1e6, leg, server, kind, class: entry.class, label, text, about };
}
