/** Output of `show` and `test`, in lines of at most 80 columns. */
import { paragraph } from "../../command-line/paragraph.ts";
import type { KeepAliveConfig } from "../../config/model.ts";
import type { DataLoadState } from "../../dataload/data-load.ts";
import {
  type FunctionStatus,
  resourceText,
  type ServerStatus,
  type StatusDocument,
  serverWord,
  standbyText,
} from "../../supervisor/status-document.ts";
import { isFolded } from "../folded-codes.ts";
import type { FaultEntry, LegEntry, LogEntry, StorageFigures, TestResult } from "../maintenance.ts";
import type { VersionDocument } from "../version-document.ts";
import { namedValues, textTable, timeText, utcText } from "./console-table.ts";

export function serverLines(servers: readonly ServerStatus[]): string[] {
  const rows = servers.map(
    ({ id, state, phase, resource, capacity, remaining, lastHeardMs, build }) => {
      const heard =
        state === "self" ? "-" : lastHeardMs === null ? "never" : `${lastHeardMs} ms ago`;
      const isBusy = state === "self" && phase !== null && phase !== "active";
      const word = isBusy ? `self, ${phase}` : serverWord({ state, phase });
      return [
        id,
        word,
        resourceText({ resource, capacity }),
        String(remaining),
        heard,
        build ?? "-",
      ];
    },
  );
  return textTable(["SERVER", "STATE", "RESOURCE", "REMAINING", "HEARD", "BUILD"], rows, [2, 3, 4]);
}

/** In the order of allocation: priority descending, then as configured (step S3). */
export function functionLines(functions: readonly FunctionStatus[]): string[] {
  const rows = functions
    .toSorted((left, right) => right.priority - left.priority)
    .map((entry) => {
      const { id, priority, required, owner, state, vips } = entry;
      const more = vips.length > 1 ? ` +${vips.length - 1}` : "";
      return [
        id,
        String(priority),
        String(required),
        owner ?? "-",
        standbyText(entry),
        state,
        `${vips[0] ?? "-"}${more}`,
      ];
    });
  return textTable(["FUNCTION", "PRIO", "REQ", "OWNER", "STANDBY", "STATE", "VIPS"], rows, [1, 2]);
}

/**
 * Active faults first, each group in the order in which it came.
 * @param elsewhere active faults of the other servers, as far as this one knows them
 */
export function faultLines(
  faults: readonly FaultEntry[],
  leg: number,
  elsewhere: readonly string[] = [],
): string[] {
  const active = faults.filter(({ isActive }) => isActive);
  const over = faults.filter(({ isActive }) => !isActive);
  return [
    `LEG ${leg}: ${faults.length === 0 ? "NO FAULTS" : `${faults.length} FAULTS, ${active.length} ACTIVE`}`,
    ...[...folded(active), ...over].flatMap((fault) => {
      const state = fault.nature ?? (fault.isActive ? "ACTIVE" : "CLEARED");
      const ata = fault.ata === "" ? "" : `, ATA ${fault.ata}`;
      return [
        "",
        `${fault.label} ${fault.text}`,
        `  ${state}, CLASS ${fault.class}${ata}, COUNT ${fault.count}`,
        `  FIRST ${timeText(fault.first)}, LAST ${timeText(fault.last)}`,
        ...wrapped(about(fault), "  "),
        ...wrapped(`CAUSE: ${fault.cause}`, "  "),
        ...wrapped(`ACTION: ${fault.action}`, "  "),
      ];
    }),
    ...(elsewhere.length === 0
      ? []
      : ["", ...elsewhere.flatMap((line) => wrapped(line, "", "  "))]),
  ];
}

/** Faults of these codes as one each, at the place of the first, with all their functions. */
function folded(faults: readonly FaultEntry[]): FaultEntry[] {
  const groups = Map.groupBy(faults, (fault) => {
    const { label, ata, nature } = fault;
    return isFolded(label) ? `${label} ${ata} ${nature}` : fault;
  });
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return [
      {
        ...first,
        function: group.map((fault) => fault.function).join(", "),
        count: Math.max(...group.map(({ count }) => count)),
        last: group.reduce((last, next) => (next.last.bootUs > last.last.bootUs ? next : last))
          .last,
      },
    ];
  });
}

export function legLines(legs: readonly LegEntry[]): string[] {
  if (legs.length === 0) return ["NO LEGS"];
  const rows = legs.map(({ leg, powerOn, begunUtcMs, endedUtcMs, records, faults }) => [
    ...[
      String(leg),
      String(powerOn),
      utcText(begunUtcMs),
      utcText(endedUtcMs),
      String(records),
      String(faults),
    ],
  ]);
  return textTable(
    ["LEG", "POWER-ON", "BEGUN UTC", "ENDED UTC", "RECORDS", "FAULTS"],
    rows,
    [0, 1, 4, 5],
  );
}

export function logLines(entries: readonly LogEntry[]): string[] {
  if (entries.length === 0) return ["NO RECORDS"];
  return entries.flatMap((entry) => {
    const kind = entry.kind === "event" ? "" : ` ${entry.kind.toUpperCase()}`;
    const count = entry.count > 1 ? ` (${entry.count} TIMES)` : "";
    const what = [entry.text, about(entry)].filter((text) => text !== "").join(": ");
    const head = `${entry.sequence} ${timeText(entry)} LEG ${entry.leg} ${entry.label}${kind}`;
    return wrapped(`${head} ${what}${count}`, "", "    ");
  });
}

export function keepAliveLines(
  keepAlive: StatusDocument["keepAlive"],
  config: KeepAliveConfig,
): string[] {
  const { rejected, lateUs } = keepAlive;
  return namedValues([
    ["PERIOD", `${config.periodMs} ms, LOST AFTER ${config.periodMs * config.lostAfterPeriods} ms`],
    ["NETWORKS", config.interfaces.join(", ")],
    ["SENT", `${keepAlive.sent}, NOT SENT ${keepAlive.sendFailed}`],
    ["ACCEPTED", String(keepAlive.accepted)],
    ["REJECTED", `${rejected.malformed} malformed, ${rejected.authentication} authentication,`],
    ["", `${rejected.replay} replay, ${rejected.unknown} unknown, ${rejected.system} other system`],
    ["NEITHER", `${keepAlive.duplicate} duplicate, ${keepAlive.unproven} unproven`],
    ["DROPPED", `${keepAlive.dropped} by the kernel`],
    [
      "LATE",
      `p50 ${lateUs.p50} us, p99 ${lateUs.p99} us, p99.9 ${lateUs.p999} us, max ${lateUs.max} us`,
    ],
  ]);
}

export function storageLines(storage: StorageFigures): string[] {
  return namedValues([
    ["FILE", storage.file],
    ["SIZE", `${storage.sizeBytes} bytes`],
    ["RECORDS", `${storage.records} of ${storage.capacity}`],
    ["SEQUENCE", `${storage.oldestSequence} to ${storage.newestSequence}`],
    ["DAMAGED", String(storage.damaged)],
    ["LOST", String(storage.lost)],
    ["POWER-ON", String(storage.powerOn)],
    ["LEG", String(storage.leg)],
    ["WRITTEN", `${storage.legBytes} of ${storage.legBytesBudget} bytes in this leg`],
    ["FSYNCS", `${storage.legSyncs} of ${storage.legSyncsBudget} in this leg`],
  ]);
}

export function versionLines(document: VersionDocument & { readonly server: string }): string[] {
  return namedValues([
    ["WINGMAN", document.version],
    ["PART NUMBER", document.partNumber ?? "none"],
    ["BUILD DIGEST", document.buildDigest],
    ["COMMIT", document.commit],
    ["TARGET", document.target],
    ["TABLE DIGEST", document.tableDigest],
    ["SYSTEM", document.system],
    ["SERVER", document.server],
  ]);
}

export function groundLines(onGround: boolean): string[] {
  return [onGround ? "ON GROUND" : "IN THE AIR, OR GROUND INPUT UNKNOWN"];
}

/** @param load null when none is configured */
export function dataLoadLines(load: DataLoadState | null): string[] {
  if (load === null) return ["NO DATA LOAD: maintenance.dataLoad IS NOT CONFIGURED"];
  const { target, address, operation, last } = load;
  const values: [string, string][] = [
    ["TARGET", target],
    ["ADDRESS", address ?? "not open; see show faults"],
  ];
  if (operation === null) values.push(["OPERATION", "none"]);
  else
    values.push(
      ["OPERATION", `${operation.kind}, ${operation.status}`],
      ["LOADER", operation.from],
      ["DONE", `${operation.percent} %`],
      ["FILE", operation.file === "" ? "-" : operation.file],
    );
  const lines = namedValues(values);
  if (operation !== null) lines.push(...wrapped(operation.description, "  "));
  if (last === null) return lines;
  const end = last.completed ? "completed" : "aborted";
  const why = last.why === "" ? "" : `: ${last.why}`;
  return [...lines, ...wrapped(`LAST: ${last.kind} ${last.from}, ${end}${why}`, "", "  ")];
}

export function testLines(results: readonly TestResult[]): string[] {
  return textTable(
    ["TEST", "RESULT", "FOUND"],
    results.map(({ what, passed, found }) => [what, passed ? "PASS" : "FAIL", found]),
  );
}

function about({
  function: id,
  detail,
}: {
  readonly function: string;
  readonly detail: string;
}): string {
  return [id, detail].filter((text) => text !== "").join(" ");
}

/** Broken at spaces; nothing for an empty text. */
function wrapped(text: string, first: string, rest = first): string[] {
  return text === "" ? [] : paragraph(text, first, rest).split("\n");
}
