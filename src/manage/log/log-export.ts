/**
 * Exports of a log for people and programs: text in the style of a post-flight report, CSV, JSON
 * lines. Each ends with a line that holds the SHA-256 of all bytes before it, so that its reader
 * can check that it is complete (log-verify).
 */
import { createHash } from "node:crypto";
import { paragraph } from "../../command-line/paragraph.ts";
import type { FaultEntry, LegEntry, LogEntry, LogFilter } from "../maintenance.ts";
import type { LogImage } from "./log-image.ts";

export type ExportFormat = "text" | "csv" | "json";

/** The records selected by `filter`, with their legs and faults, in a format; UTF-8. */
export function exportLog(image: LogImage, format: ExportFormat, filter: LogFilter = {}): string {
  const entries = image.entries({ ...filter, withoutParts: format === "text" });
  if (format === "json") return jsonLines(entries);
  return format === "csv" ? csv(entries) : text(image, entries, filter);
}

function sha256(content: string): string {
  return createHash("sha256").update(content, "utf8").digest("hex");
}

// ---- JSON lines: one object per entry, and one with the digest

function jsonLines(entries: readonly LogEntry[]): string {
  const body = entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
  return `${body}{"sha256":"${sha256(body)}"}\n`;
}

// ---- CSV (RFC 4180): the last row has as many fields as the others, so that a spreadsheet accepts
// it as a row

const CSV_FIELDS = [
  "sequence",
  "powerOn",
  "bootUs",
  "utcMs",
  "leg",
  "server",
  "kind",
  "label",
  "text",
  "class",
  "ata",
  "function",
  "detail",
  "count",
  "nature",
] as const satisfies readonly (keyof LogEntry)[];

function csv(entries: readonly LogEntry[]): string {
  const rows = entries.map((entry) => CSV_FIELDS.map((field) => csvField(entry, field)).join(","));
  const body = [
    CSV_FIELDS.map((field) => (field === "utcMs" ? "utc" : field)).join(","),
    ...rows,
    "",
  ].join("\r\n");
  return `${body}SHA-256 ${sha256(body)}${",".repeat(CSV_FIELDS.length - 1)}\r\n`;
}

function csvField(entry: LogEntry, field: (typeof CSV_FIELDS)[number]): string {
  const value =
    field === "utcMs"
      ? entry.utcMs === null
        ? ""
        : new Date(entry.utcMs).toISOString()
      : entry[field];
  // Human text must not become a formula of the spreadsheet.
  const words = String(value ?? "").replace(/^[=+\-@]/, "'$&");
  return /[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words;
}

// ---- text

function text(image: LogImage, entries: readonly LogEntry[], filter: LogFilter): string {
  const { partNumber, system, server } = image.header;
  const figures = image.storage();
  const legs = image.legs().filter(({ leg }) => filter.leg === undefined || leg === filter.leg);
  const faults = image
    .allFaults()
    .filter((fault) => filter.leg === undefined || fault.leg === filter.leg)
    .filter((fault) => filter.class === undefined || fault.class === filter.class)
    .filter((fault) => filter.function === undefined || fault.function === filter.function);
  const body = [
    "WINGMAN MAINTENANCE LOG",
    "",
    `PART NUMBER  ${partNumber === "" ? "NONE" : partNumber}`,
    `SYSTEM       ${system}`,
    `SERVER       ${server}`,
    `POWER-ON     ${figures.powerOn}`,
    `RECORDS      ${figures.records} (${figures.oldestSequence} TO ${figures.newestSequence}), ${entries.length} SHOWN`,
    `DAMAGED      ${figures.damaged}`,
    `LOST         ${figures.lost}`,
    ...filterLines(filter),
    "",
    "LEGS",
    ...(legs.length === 0 ? ["  NONE"] : [LEG_HEADING, ...legs.map(legLine)]),
    "",
    "FAULTS BY LEG AND CLASS",
    ...(faults.length === 0 ? ["  NONE"] : faultLines(faults)),
    "",
    "RECORDS",
    ...(entries.length === 0 ? ["  NONE"] : [ENTRY_HEADING, ...entries.flatMap(entryLines)]),
    "",
    "",
  ].join("\n");
  return `${body}SHA-256 ${sha256(body)}\n`;
}

function filterLines(filter: LogFilter): string[] {
  const parts = [
    filter.since === undefined ? "" : `AFTER ${filter.since}`,
    filter.leg === undefined ? "" : `LEG ${filter.leg}`,
    filter.class === undefined ? "" : `CLASS ${filter.class}`,
    filter.function === undefined ? "" : `FUNCTION ${filter.function}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? [] : [`ONLY         ${parts.join(", ")}`];
}

const LEG_HEADING = "    LEG  POWER-ON  BEGUN (UTC)          ENDED (UTC)          RECORDS  FAULTS";

function legLine({ leg, powerOn, begunUtcMs, endedUtcMs, records, faults }: LegEntry): string {
  return [
    String(leg).padStart(7),
    String(powerOn).padStart(9),
    utcText(begunUtcMs).padEnd(20),
    utcText(endedUtcMs).padEnd(19),
    String(records).padStart(8),
    String(faults).padStart(7),
  ].join(" ");
}

function faultLines(faults: readonly FaultEntry[]): string[] {
  const lines: string[] = [];
  const sorted = [...faults].sort((a, b) => b.leg - a.leg || a.class - b.class);
  let heading = "";
  for (const fault of sorted) {
    const own = `LEG ${fault.leg}, CLASS ${fault.class}`;
    if (own !== heading) lines.push(`  ${own}`);
    heading = own;
    const state = fault.nature ?? (fault.isActive ? "ACTIVE" : "OVER");
    lines.push(
      `    ${`${fault.label} ${fault.text}`.padEnd(50)} ${state.padEnd(12)} ${String(fault.count).padStart(4)} X`,
    );
    const about = [fault.function, fault.detail, fault.ata === "" ? "" : `ATA ${fault.ata}`].filter(
      (part) => part !== "",
    );
    if (about.length > 0) lines.push(paragraph(about.join(", "), "      "));
    lines.push(`      FIRST ${momentText(fault.first)}  LAST ${momentText(fault.last)}`.trimEnd());
    lines.push(
      paragraph(`CAUSE: ${fault.cause}`, "      "),
      paragraph(`ACTION: ${fault.action}`, "      "),
    );
  }
  return lines;
}

const ENTRY_HEADING = "      NO    LEG  TIME (UTC)           CLASS KIND     CODE";

function entryLines(entry: LogEntry): string[] {
  const first = [
    String(entry.sequence).padStart(8),
    String(entry.leg).padStart(6),
    ` ${momentText(entry)}`,
    (entry.class === 0 ? "-" : String(entry.class)).padStart(5),
    entry.kind.toUpperCase().padEnd(8),
    entry.label,
    entry.nature ?? "",
  ];
  const about = [entry.function, entry.detail].filter((part) => part !== "").join(" ");
  const words = [
    about === "" ? entry.text : `${entry.text}: ${about}`,
    entry.count === 1 ? "" : entry.count === 0 ? "(FROM BEFORE)" : `(${entry.count} TIMES)`,
    entry.ata === "" ? "" : `ATA ${entry.ata}`,
  ];
  return [
    first.join(" ").trimEnd(),
    paragraph(words.filter((word) => word !== "").join(" "), " ".repeat(17)),
  ];
}

/** UTC or, without a valid clock, the seconds since power-on; 20 columns. */
function momentText({ bootUs, utcMs }: { bootUs: number; utcMs: number | null }): string {
  return (utcMs === null ? `+${(bootUs / 1_000_000).toFixed(3)} S` : utcText(utcMs)).padEnd(20);
}

function utcText(utcMs: number | null): string {
  return utcMs === null ? "-" : new Date(utcMs).toISOString().slice(0, 19).replace("T", " ");
}
