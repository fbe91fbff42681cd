/**
 * What the page shows, as one document: of the engine's snapshot, the log and an extract of the
 * configuration. Nothing else of this server can be asked for over the network.
 */
import type { DataLoadState } from "../../dataload/data-load.ts";
import type { StatusDocument } from "../../supervisor/status-document.ts";
import type { FaultEntry, LogEntry, StorageFigures } from "../maintenance.ts";
import type { Level, ServerWords } from "../server-words.ts";

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
  /** Servers that could take it now; "NONE" when there is none, "-" while it does not run. */
  standby: string;
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

export interface Verdict {
  level: Level;
  headline: string;
  /** What to do, in order; empty when there is nothing. */
  steps: string[];
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
    /** Of this server; none on the rig. */
    networks: StatusDocument["networks"];
    /** `running (tcx)`; "" on the rig, and when it is not known. */
    lease: string;
  };
  faults: FaultEntry[];
  /** Newest first. */
  timeline: TimelineEntry[];
  storage: StorageFigures | null;
  /** Of the data load over the network; null: none is configured. */
  dataLoad: DataLoadState | null;
  /** The contingency book; this release has none. */
  book: null;
  /** What the rig's buttons do to a server: verb and label. */
  actions: (readonly [verb: string, label: string])[];
  /** Why the buttons do nothing at the moment; "" when they work. */
  actionsWait: string;
}
