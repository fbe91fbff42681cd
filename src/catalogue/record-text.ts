/** Texts of maintenance records, for the supervisor's output and for the log. */

import { getSystemErrorMap } from "node:util";
import { LEASE_KIND_NAMES } from "../boundary/lease-kind.ts";
import { PHASE_NAMES } from "../boundary/phase.ts";
import { SERVERS_MAX } from "../limits.ts";
import { OWNERS_PER_RECORD, ownerOf, ownersFrom } from "../wire/decision-record.ts";
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
} from "./supervisor-code.ts";

/** Not in the map of libuv: the kernel's timer, such as a lease, ran out. */
const ETIME = 62;
/** Made anew at every call. */
const SYSTEM_ERRORS = getSystemErrorMap();
const SERVERS_MASK = (1 << SERVERS_MAX) - 1;

/** Names of one aircraft, by index. */
export interface RecordNames {
  readonly servers: readonly string[];
  readonly functions: readonly string[];
  /** Interfaces of the keep-alive networks. */
  readonly networks: readonly string[];
  /** Addresses of each function, such as `10.44.1.1/16`; without them VIPs are numbered. */
  readonly vips?: readonly (readonly string[])[];
}

/** `WNG-0111` */
export function codeLabel(code: number): string {
  return `WNG-${String(code).padStart(4, "0")}`;
}

/** Index of the record's function; -1 for none. */
export function recordFunction(code: number, first: number): number {
  const kind = catalogueEntry(code)?.first;
  if (kind === "function") return first;
  return kind === "functionAndMac" || kind === "functionAndVip" ? first & 0xffff : -1;
}

/**
 * Text of the values other than the function: `b`, `permission denied (errno 13)`,
 * `02:11:22:33:44:55`; "" for none.
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
 * Subject of a fault, by which its end finds its begin: a server, a network, a function, or a
 * function and the MAC of a stranger; for an action its words; "" where there is only one. Built
 * from a record's words: it is the same under any table.
 */
export function recordSubject(code: number, functionId: string, detail: string): string {
  // Each is counted separately: many of one kind hide no other.
  if (code === LOG_ACTION || code === LOG_ACTION_REFUSED || code === LOG_ACTION_FAILED)
    return `${functionId} ${detail}`;
  // Counted per loader and operation; not for refusals, because anybody can forge the source of a
  // request.
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
    case "servers":
      return serversText(value & SERVERS_MASK, names);
    case "owners":
      return ownersText(value, rest, names);
    case "slot":
      return `slot ${value === 0 ? "a" : "b"}`;
    case "rollBack":
      return ROLLED_BACK_TEXTS[value] ?? `reason ${value}`;
    case "digest":
      return `digest ${(value >>> 0).toString(16).padStart(8, "0")}`;
    case "characters":
      return `found ${quotedCharacters(value, rest)}`;
    case "leaseKind":
      return LEASE_KIND_NAMES[value] ?? `kind ${value}`;
    case "errno":
      return errnoText(value);
    case "number":
      return String(value);
    case "milliseconds":
      return `${value} ms`;
    case "perCent":
      return `${value} per cent`;
    case "exitCode":
      return value < 0 ? `signal ${-value}` : `exit code ${value}`;
  }
}

/** `permission denied (errno 13)` */
function errnoText(value: number): string {
  const [, message = ""] = SYSTEM_ERRORS.get(-value) ?? [];
  const text = value === ETIME ? "timer expired" : message;
  return text === "" ? `errno ${value}` : `${text} (errno ${value})`;
}

/** `a, c` */
function serversText(mask: number, names: RecordNames): string {
  const known = names.servers.map((id, server) => (((mask >>> server) & 1) !== 0 ? id : null));
  return known.filter((id) => id !== null).join(", ");
}

/** `map on b, film claimed by c` */
function ownersText(first: number, second: number, names: RecordNames): string {
  const said = Array.from({ length: OWNERS_PER_RECORD }, (_, place) => {
    const { server, isClaimed } = ownerOf(first, second, place);
    if (server < 0) return null;
    const index = ownersFrom(first) + place;
    const id = names.functions[index] ?? `function ${index}`;
    return `${id} ${isClaimed ? "claimed by" : "on"} ${names.servers[server] ?? server}`;
  });
  return said.filter((words) => words !== null).join(", ");
}

/** `10.44.1.1/16` for a "functionAndVip". */
function formatVip(value: number, names: RecordNames): string {
  const place = value >>> 16;
  return names.vips?.[value & 0xffff]?.[place] ?? `VIP ${place}`;
}

/** `"abc"`; `nothing` for an empty file. */
function quotedCharacters(first: number, second: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeInt32BE(first | 0, 0);
  bytes.writeInt32BE(second | 0, 4);
  const text = bytes.toString("latin1").replace(/\0+$/, "");
  return text === "" ? "nothing" : JSON.stringify(text.replace(/[^ -~]/g, "?"));
}

/** `02:11:22:33:44:55` from its first two and last four bytes. */
function formatMac(high: number, low: number): string {
  const digits = high.toString(16).padStart(4, "0") + low.toString(16).padStart(8, "0");
  return digits.replace(/..(?!$)/g, "$&:");
}
