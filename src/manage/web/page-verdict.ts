/**
 * The answer of the page's first line: is everything running, and if not, what is to be done. Pure.
 */
import type { FaultEntry } from "../maintenance.ts";
import type { PageFunction, PageServer, Verdict } from "./page-state.ts";

/** More names than this are counted instead. */
const NAMES_MAX = 5;
const SERVERS_NAMED_MAX = 3;
const STEPS_MAX = 5;

/** A fault that cabin or cockpit see, or that maintenance has to deal with. */
const CLASS_MAX = 2;

export interface VerdictInput {
  /** False: no engine runs here. */
  isKnown: boolean;
  servers: readonly PageServer[];
  functions: readonly PageFunction[];
  /** The active ones. */
  faults: readonly Pick<FaultEntry, "class" | "text" | "function" | "action">[];
  /** What is active on other servers, a line for each. */
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
        "This server serves nothing now. Look at another server's page for what runs.",
        "The engine is started again by itself: wait 10 seconds.",
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
  for (const line of elsewhere) steps.push(`${line}. See its page or console.`);
  const words = [
    functionWords(functions, idle, starting),
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

/**
 * The servers, each by its name; of one state more than a few as a number: the answer stays in
 * sight.
 */
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

/** Why a function runs nowhere, or not yet; "" when it runs. */
export function whyNotRunning(
  entry: Omit<PageFunction, "why" | "standby">,
  eligible: readonly string[],
  servers: readonly PageServer[],
): string {
  if (entry.owner !== null)
    return entry.state === "running" ? "" : `${entry.state} on ${entry.owner}`;
  const able = servers.filter(({ id, level }) => level === "good" && eligible.includes(id));
  if (able.length === 0) return `no server that may run it is running (${eligible.join(", ")})`;
  if (entry.state === "failed")
    return "its process or address has failed: look at its own messages, then resume";
  const roomiest = able.reduce((best, server) =>
    server.remaining > best.remaining ? server : best,
  );
  if (roomiest.remaining < entry.required)
    return `no room: it takes ${entry.required}, the most that is free is ${roomiest.remaining} on ${roomiest.id}`;
  return "stopped: it is given a server with the next change";
}
