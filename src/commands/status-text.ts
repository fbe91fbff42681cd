import { COLUMNS, paragraph } from "../command-line/paragraph.ts";
import type { Reason } from "../manage/reasons.ts";
import { otherTablesText } from "../supervisor/other-tables.ts";
import {
  type FunctionStatus,
  inputsTexts,
  leaseText,
  missingOn,
  resourceText,
  type ServerStatus,
  type StatusDocument,
  serverWord,
  standbyText,
} from "../supervisor/status-document.ts";

/**
 * The state of the server for a human, at most 80 columns wide.
 * @param reasons of each function
 */
export function statusText(status: StatusDocument, reasons: ReadonlyMap<string, Reason>): string {
  const { keepAlive } = status;
  const { rejected, lateUs } = keepAlive;
  const conditions = [
    otherTablesText(status),
    status.carrier ? "" : "NO CARRIER on the client interface",
    ...status.networks.flatMap((network) =>
      missingOn(status, network).map((id) => `${id} is NOT HEARD on ${network.interface}`),
    ),
    status.realtime ? "" : "no real-time scheduling",
    status.lease === "missing"
      ? "NO VIP LEASE: if this server stops, its VIPs may go on answering"
      : "",
    ...inputsTexts(status),
    status.overflow === 0 ? "" : `${status.overflow} events lost`,
    ...faultLines(status),
    status.strangers === 0 ? "" : `others answered for VIPs ${status.strangers} times, see the log`,
  ].filter((text) => text !== "");
  const lines = [
    `server ${status.server}: ${status.phase}, up ${duration(status.uptimeMs)}, incarnation ${status.incarnation}`,
    `table digest ${status.tableDigest.slice(0, 16)}, engine pid ${status.enginePid}, VIP lease ${leaseText(status)}`,
    ...conditions.map((text) => `attention: ${text}`),
    "",
    ...table(
      ["SERVER", "STATE", "RESOURCE", "REMAINING", "HEARD", "BUILD"],
      status.servers.map(serverCells),
      [2, 3, 4],
    ),
    "",
    ...table(
      ["NETWORK", "LINK", "HEARD THERE"],
      status.networks.map(({ interface: name, carrier, heard }) => [
        ...[name, carrier ? "up" : "down"],
        heard.length === 0 ? "nobody" : heard.join(" "),
      ]),
      [],
    ),
    "",
    ...table(
      ["FUNCTION", "PRIO", "REQ", "OWNER", "STANDBY", "STATE", "VIPS"],
      byPriority(status.functions).map(functionCells),
      [1, 2],
    ),
    "",
    ...reasonLines(status, reasons),
    `keep-alives: ${keepAlive.sent} sent, ${keepAlive.accepted} accepted, ${keepAlive.sendFailed} not sent`,
    `  rejected: ${rejected.malformed} malformed, ${rejected.authentication} authentication, ${rejected.replay} replay, ` +
      `${rejected.unknown} unknown,`,
    `            ${rejected.system} other system; ${keepAlive.dropped} dropped by the kernel`,
    `  neither: ${keepAlive.duplicate} duplicate, ${keepAlive.unproven} unproven`,
    `  late: p50 ${lateUs.p50} µs, p99 ${lateUs.p99} µs, p99.9 ${lateUs.p999} µs, max ${lateUs.max} µs`,
  ];
  return `${lines.map((line) => clip(line, COLUMNS)).join("\n")}\n`;
}

function reasonLines(status: StatusDocument, reasons: ReadonlyMap<string, Reason>): string[] {
  const lines = byPriority(status.functions).flatMap(({ id }) => {
    const reason = reasons.get(id);
    if (reason === undefined || !reason.isNotable) return [];
    return paragraph(`${id}: ${reason.why}`, "", "    ").split("\n");
  });
  return lines.length === 0 ? [] : [...lines, ""];
}

/** How many faults are active, here and elsewhere. */
function faultLines(status: StatusDocument): string[] {
  return status.servers
    .filter(({ activeFaults }) => activeFaults > 0)
    .map(({ id, activeFaults }) => {
      const codes = status.faults.filter(({ server }) => server === id).map(({ code }) => code);
      const count = `${activeFaults} active fault${activeFaults === 1 ? "" : "s"}`;
      return `server ${id} has ${count}: ${codes.join(", ")}`;
    });
}

function serverCells(server: ServerStatus): string[] {
  const heard =
    server.state === "self"
      ? "-"
      : server.lastHeardMs === null
        ? "never"
        : `${server.lastHeardMs} ms ago`;
  const { id, remaining, build } = server;
  return [id, serverWord(server), resourceText(server), String(remaining), heard, build ?? "-"];
}

/** In the order in which they are given out: priority falling, then as configured (step S3). */
function byPriority(functions: readonly FunctionStatus[]): FunctionStatus[] {
  return functions.toSorted((left, right) => right.priority - left.priority);
}

function functionCells(entry: FunctionStatus): string[] {
  const { id, priority, required, owner, state, vips } = entry;
  const more = vips.length > 1 ? ` +${vips.length - 1}` : "";
  const first = `${vips[0] ?? "-"}${more}`;
  return [id, String(priority), String(required), owner ?? "-", standbyText(entry), state, first];
}

/**
 * Columns as wide as their widest cell, two spaces between; the numbers of `rightAligned` columns
 * end at the right.
 */
function table(header: string[], rows: string[][], rightAligned: number[]): string[] {
  const widths = header.map((title, column) => {
    const widest = Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0));
    return column === 0 ? Math.min(widest, 24) : Math.min(widest, 32);
  });
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const text = clip(cell, width);
        return rightAligned.includes(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

function clip(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
