/** The page's headline: whether everything is running, and if not, what to do. Pure. */
import type { FaultEntry } from "../maintenance.ts";
import type { PageFunction, PageServer, Verdict } from "./page-state.ts";

/** More names than this are counted instead. */
const NAMES_MAX = 5;
const SERVERS_NAMED_MAX = 3;
const STEPS_MAX = 5;

/** Faults that cabin or cockpit notice, or that maintenance has to handle. */
const CLASS_MAX = 2;

export interface VerdictInput {
  /** False: no engine runs here. */
  isKnown: boolean;
  servers: readonly PageServer[];
  functions: readonly PageFunction[];
  /** The active ones. */
  faults: readonly Pick<FaultEntry, "class" | "text" | "function" | "action">[];
  /** Active faults of other servers, one line each. */
  elsewhere?: readonly string[];
}

export function verdictOf({
  isKnown,
  servers,
  functions,
  faults,
  elsewhere = [],
}: VerdictInput): Verdict {
  if (!isKnown) {
    return {
      level: "bad",
      headline: "WINGMAN'S ENGINE IS NOT RUNNING ON THIS SERVER",
      steps: [
        "This server serves nothing now. See another server's page for the state of the aircraft.",
        "The engine restarts by itself: wait 10 seconds.",
        "If it does not come back: restart the service, and download the log below.",
      ],
    };
  }
  const down = servers.filter(({ level }) => level === "bad");
  const away = servers.filter(({ level }) => level === "moving");
  const idle = functions.filter(({ owner }) => owner === null);
  const starting = functions.filter(({ owner, state }) => owner !== null && state !== "running");
  const urgent = faults.filter((fault) => fault.class > 0 && fault.class <= CLASS_MAX);
  const named = shortened([...down, ...away]);
  const steps = named.flatMap(({ who, word, action }) =>
    action === "" ? [] : [`${who} (${word}): ${action}`],
  );
  for (const fault of urgent) {
    const about = fault.function === "" ? "" : ` (${fault.function})`;
    if (fault.action !== "None." && !steps.some((step) => step.endsWith(fault.action)))
      steps.push(`${fault.text}${about}: ${fault.action}`);
  }
  for (const line of elsewhere) steps.push(`${line}. See active faults below.`);
  const words = [
    isHeldBack(servers)
      ? "RUNNING FUNCTIONS ARE NOT KNOWN HERE"
      : functionWords(functions, idle, starting),
    ...named.map(
      ({ who, word }) =>
        `${who.replace(/^(\d+ )?servers?/i, (text) => text.toUpperCase())} ${word}`,
    ),
    ...(down.length + away.length === 0 && urgent.length > 0
      ? [`${counted(urgent.length, "ACTIVE FAULT")}`]
      : []),
    ...elsewhere.map((line) => line.split(": ").slice(0, 2).join(": ")),
  ];
  const level =
    idle.length > 0 || down.length > 0 || urgent.length > 0
      ? "bad"
      : away.length + starting.length + elsewhere.length > 0
        ? "moving"
        : "good";
  return { level, headline: words.join("; "), steps: steps.slice(0, STEPS_MAX) };
}

/** Servers with another table may run everything, under that table, which is unknown here. */
function isHeldBack(servers: readonly PageServer[]): boolean {
  return servers.some(({ state }) => state === "held back");
}

/** The servers by name; many in one state as a number, so that the answer stays in sight. */
function shortened(
  servers: readonly PageServer[],
): { who: string; word: string; action: string }[] {
  const words = [...new Set(servers.map(({ word }) => word))];
  return words.flatMap((word) => {
    const alike = servers.filter((server) => server.word === word);
    const { action = "" } = alike[0] ?? {};
    if (alike.length > SERVERS_NAMED_MAX) return [{ who: `${alike.length} servers`, word, action }];
    return alike.map(({ id }) => ({ who: `Server ${id}`, word, action }));
  });
}

function functionWords(
  functions: readonly PageFunction[],
  idle: readonly PageFunction[],
  starting: readonly PageFunction[],
): string {
  if (idle.length > 0) {
    const names = idle.length <= NAMES_MAX ? `: ${idle.map(({ id }) => id).join(", ")}` : "";
    return `${idle.length} OF ${functions.length} FUNCTIONS ${idle.length === 1 ? "DOES" : "DO"} NOT RUN${names}`;
  }
  if (starting.length > 0)
    return `${starting.length} OF ${functions.length} FUNCTIONS ${starting.length === 1 ? "IS" : "ARE"} STARTING OR STOPPING`;
  return functions.length === 1 ? "THE FUNCTION RUNS" : `ALL ${functions.length} FUNCTIONS RUN`;
}

const counted = (count: number, what: string): string =>
  `${count} ${what}${count === 1 ? "" : "S"}`;
