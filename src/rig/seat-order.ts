/**
 * Messages between the rig and its seats: JSON, one document per line, over the seat's standard
 * input and output.
 */
import type { Change, Gap, Overlap, TargetRecord } from "./target-record.ts";

/** The first line that a seat reads. */
export interface SeatOrder {
  /** Number of the seat. */
  seat: number;
  targets: SeatTarget[];
  notice: { interface: string; group: string; port: number };
}

/** One VIP. */
export interface SeatTarget {
  /** Interval between two probes, in whole milliseconds. */
  intervalMs: number;
  functionIndex: number;
  family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  address: number[];
}

/** Every later line: a change of pace, which is not answered, or a question. */
export type SeatRequest = PaceRequest | ReportRequest | GapsRequest;

/** The new interval between two probes to each target, in the order of the targets. */
export interface PaceRequest {
  intervalsMs: number[];
}

/** Asks for everything that happened after a time of CLOCK_MONOTONIC. */
export interface ReportRequest {
  sinceUs: number;
}

/** Asks for the gaps alone, as they are at this moment: those that ended after this time. */
export interface GapsRequest {
  gapsSinceUs: number;
}

/** The answer to the first line. */
export interface SeatReady {
  ready: true;
  /** Why the seat does not run at real-time priority, or null when it does. */
  notRealtime: string | null;
}

/** The answer to a question. */
export interface SeatReport {
  untilUs: number;
  /** In the order of the targets in the seat's order. */
  targets: TargetReport[];
  notices: NoticeRecord[];
  /** Datagrams to the notice group that are no notices. */
  malformedNotices: number;
  /** Maximum wake-up lateness of the seat itself: it bounds the accuracy of its figures. */
  latenessUsMax: number;
}

export interface TargetReport {
  /** Since the start of the seat. */
  answered: number;
  lost: number;
  foreign: number;
  /** Last answering server, and send time of that probe; −1 and 0 before the first answer. */
  server: number;
  lastAnsweredUs: number;
  /** Send time of the newest answered probe, whether or not earlier ones are judged. */
  newestAnsweredUs: number;
  gaps: Gap[];
  changes: Change[];
  overlaps: Overlap[];
}

/** The answer to a question for gaps; targets in the order of the order. */
export interface SeatGaps {
  atUs: number;
  targets: {
    /** Judged: they stay as they are. */
    ended: Gap[];
    /** See {@link TargetRecord.unjudgedGaps}. */
    unjudged: Gap[];
  }[];
}

export interface NoticeRecord {
  atUs: number;
  kind: number;
  reason: number;
  functionIndex: number;
  functionId: string;
  server: number;
  sequence: number;
}
