/**
 * Makes a failing flight shorter: the same property must still be violated with fewer and shorter
 * faults.
 */
import type { Fault } from "./fault-kinds.ts";
import { type FlightOptions, type FlightResult, fly } from "./flight.ts";

/** Flights flown at most for one failure. */
const FLIGHTS_MAX = 400;

/** @returns the result of the shortest flight found; the given one when none is shorter */
export function shrink(wishes: FlightOptions, failed: FlightResult): FlightResult {
  const property = failed.violation?.property;
  let best = failed;
  let flights = 0;
  const fails = (faults: readonly Fault[]): boolean => {
    if (flights++ >= FLIGHTS_MAX) return false;
    const result = fly({ ...wishes, faults });
    if (result.violation?.property !== property) return false;
    best = result;
    return true;
  };
  // Whole runs of faults first, then smaller ones, until no single one can be left out.
  for (
    let size = Math.ceil(best.faults.length / 2);
    size >= 1;
    size = size === 1 ? 0 : Math.ceil(size / 2)
  ) {
    for (let at = 0; at < best.faults.length; ) {
      const without = [...best.faults.slice(0, at), ...best.faults.slice(at + size)];
      if (!fails(without)) at += size;
    }
  }
  for (let at = 0; at < best.faults.length; at++) {
    const shorter = best.faults.map((fault, place) =>
      place === at ? { ...fault, durationUs: Math.ceil(fault.durationUs / 4) } : fault,
    );
    fails(shorter);
  }
  return best;
}

/** The failure for people: what was left of it, and how to see it again. */
export function reportFailure(wishes: FlightOptions, less: FlightResult): string {
  const told = fly({ ...wishes, faults: less.faults, inWords: true });
  const options = [
    `--seed ${wishes.seed}`,
    ...(wishes.servers === undefined ? [] : [`--servers ${wishes.servers}`]),
    ...(wishes.periodMs === undefined ? [] : [`--period ${wishes.periodMs}`]),
    ...(wishes.leaseTicksMs === undefined ? [] : [`--ticks ${wishes.leaseTicksMs}`]),
  ].join(" ");
  return [
    `seed ${wishes.seed} violates ${less.violation?.message}`,
    `with ${less.faults.length} faults left of those drawn:`,
    ...less.faults.map((fault) => `  ${JSON.stringify(fault)}`),
    ...told.lines.slice(-60),
    `replay with all faults: npm run simulate -- ${options}`,
    "",
  ].join("\n");
}
