/**
 * The active faults of every server for the page. Causes and actions are in the page's list of
 * codes already. Pure.
 */
import { CATALOGUE } from "../../catalogue/catalogue.ts";
import { codeLabel } from "../../catalogue/record-text.ts";
import type { FaultStatus, StatusDocument } from "../../supervisor/status-document.ts";
import { isFolded } from "../folded-codes.ts";
import type { FaultEntry } from "../maintenance.ts";
import type { PageFault, PageState } from "./page-state.ts";

const classes = new Map(CATALOGUE.map((entry) => [codeLabel(entry.code), entry.class]));

/**
 * @param own the active ones in the log of this server
 * @param status null: no engine runs here, and nothing is known of other servers
 */
export function pageFaults(
  own: readonly FaultEntry[],
  status: StatusDocument | null,
  serverId: string,
  nowMs: number,
): Pick<PageState, "faults" | "unlistedFaults"> {
  const told = status?.faults ?? [];
  const others = status?.servers.filter(({ id }) => id !== serverId) ?? [];
  return {
    faults: folded([
      ...own.map((fault) => ownFault(fault, told, serverId, nowMs)),
      ...others.flatMap(({ id }) => faultsOf(id, told, nowMs)),
    ]),
    unlistedFaults: others.flatMap(({ id, activeFaults }) => untold(id, activeFaults, told)),
  };
}

/** What each of these servers tells of itself. */
export function reportedFaults(
  statuses: readonly StatusDocument[],
  nowMs: number,
): Pick<PageState, "faults" | "unlistedFaults"> {
  return {
    faults: folded(statuses.flatMap(({ server, faults }) => faultsOf(server, faults, nowMs))),
    unlistedFaults: statuses.flatMap(({ server, servers, faults }) =>
      untold(server, servers.find(({ id }) => id === server)?.activeFaults ?? 0, faults),
    ),
  };
}

function ownFault(
  fault: FaultEntry,
  told: readonly FaultStatus[],
  server: string,
  nowMs: number,
): PageFault {
  const { label, text, function: name, detail, first, count } = fault;
  const { utcMs } = first;
  // The engine counts its age from the start of the machine: it knows it without any clock.
  const twin = told.find(
    (other) => other.server === server && other.code === label && (other.function ?? "") === name,
  );
  const age = twin === undefined ? null : ageS(twin, nowMs);
  return {
    ...{ server, label, text, class: fault.class, sinceMs: utcMs, count, folded: 1 },
    about: [name, detail].filter((word) => word !== "").join(", "),
    ageS: utcMs === null ? age : secondsBetween(utcMs, nowMs),
  };
}

function faultsOf(id: string, told: readonly FaultStatus[], nowMs: number): PageFault[] {
  return told
    .filter(({ server }) => server === id)
    .map((fault) => ({
      ...{ server: id, label: fault.code, text: fault.text, about: fault.function ?? "" },
      ...{ class: classes.get(fault.code) ?? 0, sinceMs: null, ageS: ageS(fault, nowMs), count: 1 },
      folded: 1,
    }));
}

/** Each server's faults of a folded code as one, at the place of the first, the longest there. */
function folded(faults: readonly PageFault[]): PageFault[] {
  const groups = Map.groupBy(faults, (fault) =>
    isFolded(fault.label) ? `${fault.server} ${fault.label}` : fault,
  );
  return [...groups.values()].flatMap((group) => {
    const oldest = group.toSorted((one, other) => (other.ageS ?? 0) - (one.ageS ?? 0))[0];
    if (oldest === undefined) return [];
    const about = group.map((fault) => fault.about).join(", ");
    const count = Math.max(...group.map((fault) => fault.count));
    return [{ ...oldest, about, count, folded: group.length }];
  });
}

function untold(
  id: string,
  count: number,
  told: readonly FaultStatus[],
): (readonly [string, number])[] {
  const more = count - told.filter(({ server }) => server === id).length;
  return more > 0 ? [[id, more]] : [];
}

const ageS = ({ since }: FaultStatus, nowMs: number): number =>
  secondsBetween(Date.parse(since), nowMs);

const secondsBetween = (fromMs: number, toMs: number): number =>
  Math.max(0, Math.round((toMs - fromMs) / 1000));
