/**
 * Derives entries, faults of a leg and legs, for people and programs, from the records of a log.
 * Records come newest first.
 */

import { catalogueEntry } from "../../catalogue/catalogue.ts";
import { codeLabel, recordSubject } from "../../catalogue/record-text.ts";
import { LOG_LEG_BEGUN, LOG_LEG_ENDED } from "../../catalogue/supervisor-code.ts";
import { type LogRecord, NATURE_HARD, NATURE_INTERMITTENT } from "../../wire/log-record.ts";
import {
  type FaultEntry,
  type FaultNature,
  KIND_FAULT_CLEARED,
  KIND_FAULT_SET,
  KIND_FAULT_SUMMARY,
  KIND_NAMES,
  KIND_NO_FAULT,
  type LegEntry,
  type LogEntry,
  type LogFilter,
} from "../maintenance.ts";
import type { LogTime } from "./record-draft.ts";

const UNKNOWN_TEXT = "UNKNOWN EVENT";

export function entryOf(record: LogRecord): LogEntry {
  return {
    sequence: record.sequence,
    powerOn: record.powerOn,
    bootUs: record.bootUs,
    utcMs: record.utcMs,
    leg: record.leg,
    server: record.server,
    kind: KIND_NAMES[record.kind] ?? "event",
    code: record.code,
    label: codeLabel(record.code),
    text: catalogueEntry(record.code)?.text ?? UNKNOWN_TEXT,
    class: record.class,
    ata: record.ata,
    function: record.function,
    detail: record.detail,
    count: record.count,
    nature: natureOf(record),
  };
}

function natureOf({ nature }: LogRecord): FaultNature | null {
  if (nature === NATURE_HARD) return "HARD";
  return nature === NATURE_INTERMITTENT ? "INTERMITTENT" : null;
}

/** Oldest first. */
export function entriesOf(newestFirst: Iterable<LogRecord>, filter: LogFilter = {}): LogEntry[] {
  const entries: LogEntry[] = [];
  const most = filter.newest ?? Number.POSITIVE_INFINITY;
  for (const record of newestFirst) {
    if (entries.length >= most || record.sequence <= (filter.since ?? 0)) break;
    if (filter.leg !== undefined && record.leg < filter.leg) break; // legs only increase
    if (filter.leg !== undefined && record.leg !== filter.leg) continue;
    if (filter.class !== undefined && record.class !== filter.class) continue;
    if (filter.function !== undefined && record.function !== filter.function) continue;
    if (filter.withoutParts && catalogueEntry(record.code)?.series === "part") continue;
    entries.push(entryOf(record));
  }
  return entries.reverse();
}

type Growing<T> = { -readonly [Key in keyof T]: T[Key] };

/** Knowledge about a fault of the current leg beyond its records, some of which are held back. */
export type FaultNow = (code: number, subject: string) => KnownFault | null;

interface KnownFault {
  readonly isActive: boolean;
  /** Occurrences without a record yet. */
  readonly held: number;
  /** Of the newest occurrence, held back or not. */
  readonly lastTime: LogTime;
}

/**
 * Faults of one leg or of all, in the order of their first occurrence; the time on ground after a
 * leg belongs to it.
 * @param now for the current leg only
 */
export function faultsOf(
  newestFirst: Iterable<LogRecord>,
  leg?: number,
  now: FaultNow = () => null,
): FaultEntry[] {
  const records: LogRecord[] = [];
  for (const record of newestFirst) {
    if (leg !== undefined && record.leg < leg) break;
    if ((leg === undefined || record.leg === leg) && record.kind !== KIND_NO_FAULT)
      records.push(record);
  }
  const faults = new Map<string, Growing<FaultEntry>>();
  const heldBack = new Map<Growing<FaultEntry>, KnownFault>();
  for (const record of records.reverse()) {
    const subject = recordSubject(record.code, record.function, record.detail);
    const key = `${record.leg} ${record.code} ${subject}`;
    let fault = faults.get(key);
    if (fault === undefined) {
      fault = faultOf(record);
      const known = now(record.code, subject);
      if (known !== null) heldBack.set(fault, known);
      faults.set(key, fault);
    }
    addTo(fault, record);
  }
  for (const [fault, { isActive, held, lastTime }] of heldBack) {
    fault.isActive = isActive;
    fault.count += held;
    if (held > 0) fault.last = lastTime;
  }
  return [...faults.values()];
}

function faultOf(record: LogRecord): Growing<FaultEntry> {
  const entry = catalogueEntry(record.code);
  return {
    leg: record.leg,
    label: codeLabel(record.code),
    text: entry?.text ?? UNKNOWN_TEXT,
    class: record.class,
    ata: record.ata,
    function: record.function,
    detail: record.detail,
    first: { bootUs: record.firstBootUs, utcMs: record.firstUtcMs },
    last: { bootUs: record.lastBootUs, utcMs: record.lastUtcMs },
    count: 0,
    isActive: false,
    nature: null,
    cause: entry?.cause ?? "Not known to this release.",
    action: entry?.action ?? "Read the log with the release that wrote it.",
  };
}

function addTo(fault: Growing<FaultEntry>, record: LogRecord): void {
  if (record.kind === KIND_FAULT_SET) {
    fault.count += record.count;
    fault.isActive = catalogueEntry(record.code)?.lasts !== null;
    fault.last = { bootUs: record.lastBootUs, utcMs: record.lastUtcMs };
    fault.detail = record.detail;
  } else if (record.kind === KIND_FAULT_CLEARED) {
    fault.isActive = false;
  } else if (record.kind === KIND_FAULT_SUMMARY) {
    fault.nature = natureOf(record);
    fault.isActive = fault.nature === "HARD";
    fault.count = Math.max(fault.count, record.count);
    fault.last = { bootUs: record.lastBootUs, utcMs: record.lastUtcMs };
  }
}

/** Oldest first. For a leg in progress, records and faults are counted up to now. */
export function legsOf(
  newestFirst: () => Iterable<LogRecord>,
  legRecordsNewestFirst: Iterable<LogRecord>,
): LegEntry[] {
  const legs = new Map<number, Growing<LegEntry>>();
  for (const record of [...legRecordsNewestFirst].reverse()) {
    const known = legs.get(record.leg);
    const leg = known ?? { ...NO_LEG, leg: record.leg, powerOn: record.powerOn };
    if (known === undefined) legs.set(record.leg, leg);
    if (record.code === LOG_LEG_BEGUN) leg.begunUtcMs = record.utcMs;
    if (record.code !== LOG_LEG_ENDED) continue;
    leg.endedUtcMs = record.utcMs;
    leg.records = record.first;
    leg.faults = record.second;
  }
  const last = [...legs.values()].at(-1);
  if (last !== undefined && last.records === 0) {
    for (const record of newestFirst()) {
      if (record.leg < last.leg) break;
      last.records++;
    }
    last.faults = faultsOf(newestFirst(), last.leg).length;
  }
  return [...legs.values()];
}

const NO_LEG = { begunUtcMs: null, endedUtcMs: null, records: 0, faults: 0 };
