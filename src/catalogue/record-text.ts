/** Maintenance records in words: for the supervisor's output and for the records of the log. */

import { LEASE_KIND_NAMES } from "../boundary/lease-kind.ts";
import { PHASE_NAMES } from "../boundary/phase.ts";
import { catalogueEntry } from "./catalogue.ts";
import type { ValueKind } from "./entry.ts";
import { ROLLED_BACK_TEXTS } from "./roll-back-reason.ts";
import {
  LOG_ACTION,
  LOG_ACTION_FAILED,
  LOG_ACTION_REFUSED,
  LOG_LOAD_ABORTED,
  LOG_LOAD_COMPLETED,
  LOG_LOAD_STARTED,
} from "./upkeep-code.ts";

/** Of one aircraft, by index. */
export interface RecordNames {
  readonly servers: readonly string[];
  readonly functions: readonly string[];
  /** Interfaces of the keep-alive networks. */
  readonly networks: readonly string[];
  /** Addresses of each function, as `10.44.1.1/16`; without them VIPs are numbered. */
  readonly vips?: readonly (readonly string[])[];
}

/** `WNG-0111` */
export function codeLabel(code: number): string {
  return `WNG-${String(code).padStart(4, "0")}`;
}

/** Index of the function that the record is about; -1 for none. */
export function recordFunction(code: number, first: number): number {
  const kind = catalogueEntry(code)?.first;
  if (kind === "function") return first;
  return kind === "functionAndMac" || kind === "functionAndVip" ? first & 0xffff : -1;
}

/**
 * What the values say beside the function: `b`, `errno 13`, `02:11:22:33:44:55`; "" for nothing.
 */
export function recordDetail(
  code: number,
  first: number,
  second: number,
  names: RecordNames,
): string {
  const known = catalogueEntry(code);
  if (known === undefined) return `${first} ${second}`;
  if (known.first === "functionAndMac") return formatMac(first >>> 16, second >>> 0);
  if (known.first === "networkAndMac") return formatValue(known.first, first, names, second);
  if (known.first === "functionAndVip")
    return `${formatVip(first, names)} ${formatValue(known.second, second, names, 0)}`.trimEnd();
  const values = [
    known.first === "function" ? "" : formatValue(known.first, first, names, second),
    formatValue(known.second, second, names, 0),
  ];
  return values.filter((value) => value !== "").join(" ");
}

/**
 * What a fault is about, so that what is set is cleared for the same: a server, a network, a
 * function, or a function and the MAC of a stranger; of an action what was done; "" where there is
 * only one. Made of what a record holds in words: it means the same under any table.
 */
export function recordSubject(code: number, functionId: string, detail: string): string {
  // Each is counted by itself: how often one was done hides no other.
  if (code === LOG_ACTION || code === LOG_ACTION_REFUSED || code === LOG_ACTION_FAILED)
    return `${functionId} ${detail}`;
  // Of each loader and operation. Not who is refused: anybody can forge where a request comes from.
  if (code === LOG_LOAD_STARTED || code === LOG_LOAD_COMPLETED || code === LOG_LOAD_ABORTED)
    return /^\S* [^ :]*/.exec(detail)?.[0] ?? "";
  const known = catalogueEntry(code);
  if (known?.second === "network") return detail;
  switch (known?.first) {
    case "function":
      return functionId;
    case "networkAndMac":
      return detail;
    case "functionAndMac":
      return `${functionId} ${detail}`;
    case "functionAndVip":
      return `${functionId} ${detail.split(" ")[0]}`;
    case "server":
    case "network":
    case "phase":
      return detail.split(" ")[0] ?? "";
    default:
      return "";
  }
}

/** One line for people: `WNG-0111 SERVER LOST: b`. An unknown code is shown with its numbers. */
export function formatRecord(
  code: number,
  first: number,
  second: number,
  names: RecordNames,
): string {
  const label = codeLabel(code);
  const known = catalogueEntry(code);
  if (known === undefined) return `${label} UNKNOWN EVENT: ${first} ${second}`;
  const values = [
    formatValue(known.first, first, names, second),
    formatValue(known.second, second, names, 0),
  ];
  const shown = values.filter((value) => value !== "");
  return shown.length === 0
    ? `${label} ${known.text}`
    : `${label} ${known.text}: ${shown.join(" ")}`;
}

function formatValue(kind: ValueKind, value: number, names: RecordNames, rest: number): string {
  switch (kind) {
    case "none":
      return "";
    case "server":
      return names.servers[value] ?? `server ${value}`;
    case "network":
      return names.networks[value] ?? `network ${value}`;
    case "function":
      return names.functions[value] ?? `function ${value}`;
    case "functionAndMac":
      return `${formatValue("function", value & 0xffff, names, 0)} ${formatMac(value >>> 16, rest >>> 0)}`;
    case "networkAndMac":
      return `${formatValue("network", value & 0xffff, names, 0)} ${formatMac(value >>> 16, rest >>> 0)}`;
    case "functionAndVip":
      return `${formatValue("function", value & 0xffff, names, 0)} ${formatVip(value, names)}`;
    case "phase":
      return PHASE_NAMES[value]?.toUpperCase() ?? `phase ${value}`;
    case "slot":
      return `slot ${value === 0 ? "a" : "b"}`;
    case "rollBack":
      return ROLLED_BACK_TEXTS[value] ?? `reason ${value}`;
    case "digest":
      return `digest ${(value >>> 0).toString(16).padStart(8, "0")}`;
    case "leaseKind":
      return LEASE_KIND_NAMES[value] ?? `kind ${value}`;
    case "errno":
      return `errno ${value}`;
    case "number":
      return String(value);
  }
}

/** `10.44.1.1/16` of a "functionAndVip". */
function formatVip(value: number, names: RecordNames): string {
  const place = value >>> 16;
  return names.vips?.[value & 0xffff]?.[place] ?? `VIP ${place}`;
}

/** `02:11:22:33:44:55` of its first two and last four bytes. */
function formatMac(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, "0") + low.toString(16).padStart(8, "0");
  return digits.replace(/..(?!$)/g, "$&:");
}
