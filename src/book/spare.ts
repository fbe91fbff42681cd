/** How much room an aircraft has for one more function, before and after a failure. */
import type { PolicyName } from "../allocation/policies.ts";
import type { AircraftConfig } from "../config/model.ts";
import { type Plan, type Situation, WhatIf } from "../config/what-if.ts";
import { FUNCTIONS_MAX, PRIORITY_MIN } from "../limits.ts";

/** The largest room on one server, in units of resource. */
export interface Room {
  /** The first server with this room; null when no server is alive. */
  server: string | null;
  units: number;
}

export interface Spare {
  /** Free units on all servers together, before any failure. */
  total: number;
  /** The largest function that fits now, without a move or stop. */
  now: Room;
  /** The room left after the worst single failure; null when there is none. */
  worst: (Room & { lost: string[] }) | null;
  /**
   * Tried with the allocation itself: one more function of the lowest priority with this many units
   * runs, without a failure and after every single one, and no other function stops for it. With
   * one unit more it does not. null: the table is full.
   */
  oneMore: number | null;
}

/** The allocation's answer to lost servers; none are lost in the starting plan. */
interface Answer extends Plan {
  lost: string[];
}

export function roomOf({ alive, remaining }: Pick<Plan, "alive" | "remaining">): Room {
  return alive.reduce<Room>(
    (most, server) => {
      const units = remaining[server] ?? 0;
      return most.server === null || units > most.units ? { server, units } : most;
    },
    { server: null, units: 0 },
  );
}

/** @param failures of the book, single ones included */
export function spareOf(
  config: AircraftConfig,
  policy: PolicyName,
  situation: Situation,
  base: Plan,
  failures: readonly Answer[],
): Spare {
  const single = failures.filter(({ lost }) => lost.length === 1);
  const rooms = single.map((entry) => ({ lost: entry.lost, ...roomOf(entry) }));
  return {
    total: Object.values(base.remaining).reduce((sum, units) => sum + units, 0),
    now: roomOf(base),
    worst: rooms.reduce<Spare["worst"]>(
      (least, room) => (least === null || room.units < least.units ? room : least),
      null,
    ),
    oneMore: oneMore(config, policy, situation, [{ lost: [], ...base }, ...single]),
  };
}

/**
 * Finds the size by bisection: the lower bound was tried and fits, the upper bound was tried and
 * does not.
 */
function oneMore(
  config: AircraftConfig,
  policy: PolicyName,
  situation: Situation,
  without: readonly Answer[],
): number | null {
  if (config.functions.length >= FUNCTIONS_MAX) return null;
  let fitting = 0;
  let tooLarge = Math.max(...config.servers.map(({ resource }) => resource)) + 1;
  while (tooLarge - fitting > 1) {
    const size = Math.floor((fitting + tooLarge) / 2);
    if (fits(config, policy, situation, without, size)) fitting = size;
    else tooLarge = size;
  }
  return fitting;
}

function fits(
  config: AircraftConfig,
  policy: PolicyName,
  situation: Situation,
  without: readonly Answer[],
  required: number,
): boolean {
  const [template] = config.functions;
  if (template === undefined) return false;
  const id = ""; // an identifier that no configuration has
  const servers = config.servers.map((server) => server.id);
  const extra = { ...template, id, required, priority: PRIORITY_MIN, vips: [], servers };
  const whatIf = new WhatIf({ ...config, functions: [...config.functions, extra] }, policy);
  const base = whatIf.plan(situation);
  return without.every((plan) => {
    const { lost } = plan;
    const down = [...situation.down, ...lost];
    const withIt =
      lost.length === 0 ? base : whatIf.plan({ ...situation, owners: base.assignment, down });
    return (
      withIt.assignment[id] !== null &&
      config.functions.every(
        (entry) => plan.assignment[entry.id] === null || withIt.assignment[entry.id] !== null,
      )
    );
  });
}
