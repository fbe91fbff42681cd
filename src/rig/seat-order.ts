/**
 * What the rig and its seats say to each other: JSON, one document a line, over the seat's standard
 * input and output.
 */
import type { Change, Gap, Overlap } from "./target-record.ts";

/** The first line that a seat reads. */
export interface SeatOrder {
  /** Number of the seat. */
  seat: number;
  targets: SeatTarget[];
  notice: { interface: string; group: string; port: number };
}

/** One VIP. */
export interface SeatTarget {
  /** Distance of two probes, whole milliseconds. */
  intervalMs: number;
  functionIndex: number;
  family: 4 | 6;
  /** 4 or 16 bytes in network order. */
  address: number[];
}

/** Every later line: a change of pace, which is not answered, or a question. */
export type SeatRequest = PaceRequest | ReportRequest;

/** The new distance of two probes to each target, in the order of the targets. */
export interface PaceRequest {
  intervalsMs: number[];
}

/** Asks for everything that happened after a time of CLOCK_MONOTONIC. */
export interface ReportRequest {
  sinceUs: number;
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
  /** Targets in the order of the order. */
  targets: TargetReport[];
  notices: NoticeRecord[];
  /** Datagrams to the notice group that are no notices. */
  malformedNotices: number;
  /** The latest that the seat itself woke up: a bound on how far its figures can be trusted. */
  latenessUsMax: number;
}

export interface TargetReport {
  /** Since the start of the seat. */
  answered: number;
  lost: number;
  foreign: number;
  /** Who answered last, and when the probe was sent; −1 and 0 before the first answer. */
  server: number;
  lastAnsweredUs: number;
  /** When the newest probe was sent that was answered, whether those before it are judged or not. */
  newestAnsweredUs: number;
  gaps: Gap[];
  changes: Change[];
  overlaps: Overlap[];
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
