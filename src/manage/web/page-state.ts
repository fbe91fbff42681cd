/**
 * Content of the page as one document: from the engine's snapshot, the log and an extract of the
 * configuration. Nothing else of this server is available over the network.
 */
import type { DataLoadState } from "../../dataload/data-load.ts";
import type { StatusDocument } from "../../supervisor/status-document.ts";
import type { LogEntry, StorageFigures } from "../maintenance.ts";
import type { Level, ServerWords } from "../server-words.ts";

export interface PageServer extends ServerWords {
  id: string;
  state: string;
  /** The server that serves this page. */
  isSelf: boolean;
  resource: number;
  /** Per cent of the resource that it gives. */
  capacity: number;
  /** It requests that no running function is moved. */
  holds: boolean;
  /** Of the given part. */
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
  /** Why it runs there, or does not run; "" while nothing is known. */
  why: string;
  /** Servers that could take it now; "NONE" when there is none, "-" while it does not run. */
  standby: string;
  vips: string[];
}

export interface TimelineEntry {
  /** Milliseconds since 1970; null when the clock had no valid time. */
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

export interface PageFault {
  server: string;
  label: string;
  text: string;
  /** 0: of a code that this release does not know. */
  class: number;
  /** The function, and whatever else its record names. */
  about: string;
  /** UTC; null: not known, or another server's clock. */
  sinceMs: number | null;
  /** Seconds; null: not known. */
  ageS: number | null;
  /** On this leg; 1 where only its server knows. */
  count: number;
  /** Faults of one code and cause that stand here as one. */
  folded: number;
}

export interface PageAccepted {
  server: string;
  /** Keep-alives, since the start of its engine. */
  accepted: number;
  /** Milliseconds from the start of its engine to this count. */
  atMs: number;
  /** Servers that it hears. */
  heard: number;
}

/** A gap that is over. */
export interface PageGap {
  ms: number;
  endedUtcMs: number;
}

export interface PageGaps {
  /** Gaps that began earlier do not count. */
  sinceUtcMs: number;
  /** Longest distance of two calls of one address in ms: no gap is known more exactly. */
  everyMs: number;
  /** Functions with a gap, and for each the longest of its addresses, at any seat. */
  functions: {
    id: string;
    /** For so long nobody answers; null: it answers. */
    openMs: number | null;
    last: PageGap | null;
    worst: PageGap | null;
  }[];
}

export interface Verdict {
  level: Level;
  headline: string;
  /** Actions, in order; empty when there is nothing to do. */
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
  /** Milliseconds since the engine's start; null when none runs. */
  uptimeMs: number | null;
  verdict: Verdict;
  /** False while servers and functions are unknown. */
  isKnown: boolean;
  servers: PageServer[];
  functions: PageFunction[];
  keepAlive: {
    periodMs: number;
    lostAfterMs: number;
    /** Lateness of the own keep-alives since the engine's start; null when unknown. */
    lateUs: StatusDocument["keepAlive"]["lateUs"] | null;
    rejected: number;
    /** What each server whose engine is known here has accepted from all others. */
    accepted: PageAccepted[];
    /** Of this server; none on the rig. */
    networks: StatusDocument["networks"];
    /** `running (tcx)`; "" on the rig, and when unknown. */
    lease: string;
  };
  /** Active ones of every server that is known: first this one's, then those of the others. */
  faults: PageFault[];
  /** Servers with more active faults than are told one by one, and how many more. */
  unlistedFaults: (readonly [server: string, count: number])[];
  /** What the seats see; null where no seat is asked, as on an aircraft. */
  gaps: PageGaps | null;
  /** Newest first. */
  timeline: TimelineEntry[];
  storage: StorageFigures | null;
  /** There are decisions to be shown, one by one. */
  hasDecisions: boolean;
  /** Of the data load over the network; null: none is configured. */
  dataLoad: DataLoadState | null;
  /**
   * Servers that take no functions now: for these the book tells what happens if they come back.
   */
  down: string[];
  /** Actions of the rig's buttons on a server: verb and label. */
  actions: (readonly [verb: string, label: string])[];
  /** Why the buttons are inactive at the moment; "" when they work. */
  actionsWait: string;
}

/** `/book.json`: the contingency book of the current state, in words. */
export interface PageBook {
  start: string;
  sentences: string[];
  /** A function, and the first failure that stops it. */
  firstStops: [function: string, failure: string][];
  /** For each change: its servers, its effect, and the functions that it stops. */
  changes: string[][];
}

/** `/book/b.json`: the effect if this server fails now, or comes back. */
export interface PageReaction {
  title: string;
  counts: string;
  lines: { what: string; names: string[] }[];
  /** The text of an SVG. */
  picture: string;
}
