/** Important functions that do not survive the failure of one server, with reason and remedy. */
import { OUTLIVING_PRIORITY, PRIORITY_MAX } from "../limits.ts";
import type { AircraftConfig, FunctionConfig } from "./model.ts";
import { alternatives } from "./problem.ts";
import type { Plan } from "./what-if.ts";

/** A function of OUTLIVING_PRIORITY or more that does not run after every single failure. */
export interface Weakness {
  function: string;
  priority: number;
  /** Servers whose single failure stops it; empty when it does not even run with all alive. */
  lost: string[];
  /** In words: the reason, and what to change in the configuration. */
  action: string;
}

/** A failure of some servers, none for all alive, and the policy's answer. */
export interface Answer {
  down: readonly string[];
  plan: Plan;
}

/** The most important first. @param answers with all servers alive, and to every single failure */
export function weaknesses(config: AircraftConfig, answers: readonly Answer[]): Weakness[] {
  const important = config.functions
    .filter(({ priority }) => priority >= OUTLIVING_PRIORITY)
    .toSorted((a, b) => b.priority - a.priority);
  return important.flatMap((entry) => {
    const failing = answers.filter(({ plan }) => (plan.assignment[entry.id] ?? null) === null);
    const [first] = failing;
    if (first === undefined) return [];
    const { id, priority } = entry;
    // A function that does not run with all servers alive has no redundancy problem; this comes
    // first.
    const lost = first.down.length === 0 ? [] : failing.flatMap(({ down }) => down);
    return [{ function: id, priority, lost, action: actionOf(config, entry, lost, failing) }];
  });
}

function actionOf(
  config: AircraftConfig,
  entry: FunctionConfig,
  lost: readonly string[],
  failing: readonly Answer[],
): string {
  const path = `functions[${config.functions.indexOf(entry)}]`;
  if (config.servers.length === 1 && lost.length > 0)
    return "there is no other server: add one to servers";
  const isBound = ({ down }: Answer): boolean => eligible(entry, down).length === 0;
  return [
    ...(failing.some(isBound)
      ? [`no other server may run it: name another one in ${path}.servers`]
      : []),
    ...roomAction(
      config,
      entry,
      path,
      failing.filter((answer) => !isBound(answer)),
    ),
  ].join("; ");
}

/** How much room could be made for it in the worst of these failures, on one of its servers. */
function roomAction(
  config: AircraftConfig,
  entry: FunctionConfig,
  path: string,
  failing: readonly Answer[],
): string[] {
  if (failing.length === 0) return [];
  const rooms = failing.map(({ down, plan }) =>
    roomFor(config, entry, eligible(entry, down), plan),
  );
  const { units, server } = rooms.reduce((least, room) =>
    room.units < least.units ? room : least,
  );
  const hidden = units < entry.required ? "" : `, which policy ${config.allocation} does not find`;
  const helps = [
    `lower ${path}.required`,
    ...(entry.priority < PRIORITY_MAX ? ["raise its priority"] : []),
    "raise servers[].resource",
    ...(entry.servers.length < config.servers.length ? [`name more in ${path}.servers`] : []),
  ];
  return [
    `it needs ${entry.required} on one server and could get ${units} at most (on ${server})${hidden}: ` +
      alternatives(helps),
  ];
}

function eligible({ servers }: FunctionConfig, down: readonly string[]): string[] {
  return servers.filter((id) => !down.includes(id));
}

/** The largest room on one of `servers`: free, or taken by less important functions. */
function roomFor(
  config: AircraftConfig,
  { priority }: FunctionConfig,
  servers: readonly string[],
  plan: Plan,
): { server: string; units: number } {
  const rooms = servers.map((server) => {
    const less = config.functions.filter(
      (other) => other.priority < priority && plan.assignment[other.id] === server,
    );
    const freed = less.reduce((sum, { required }) => sum + required, 0);
    return { server, units: (plan.remaining[server] ?? 0) + freed };
  });
  return rooms.reduce((most, room) => (room.units > most.units ? room : most));
}

/** `does not survive the loss of b or c` */
export function weaknessText({ lost }: Weakness): string {
  return lost.length === 0
    ? "does not run even with all servers alive"
    : `does not survive the loss of ${alternatives(lost)}`;
}
