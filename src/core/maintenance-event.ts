/**
 * Every maintenance event: one list with its text, fault class, cause and maintenance action. Codes
 * are stable: they are never used again for something else. Texts are upper-case English of at most
 * 40 characters. 100 to 399 come from the engine, 400 to 499 from the process that keeps the log.
 */
import { FLIGHT_EVENTS } from "./flight-events.ts";
import type { MaintenanceEvent } from "./maintenance-entry.ts";
import { UPKEEP_EVENTS } from "./upkeep-events.ts";

export const MAINTENANCE_EVENTS: readonly MaintenanceEvent[] = [...FLIGHT_EVENTS, ...UPKEEP_EVENTS];

/** The entry of a code; undefined for one that this release does not know. */
export function maintenanceEvent(code: number): MaintenanceEvent | undefined {
  return MAINTENANCE_EVENTS.find((candidate) => candidate.code === code);
}
