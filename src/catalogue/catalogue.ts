/**
 * The catalogue of maintenance codes: one list with the text, fault class, cause and maintenance
 * action of each. Codes are stable: a code is never reused for another meaning. Texts are
 * upper-case English of at most 40 characters. Codes 100 to 399 come from the engine, 400 to 499
 * from the supervisor and the process that keeps the log.
 */

import { DECISION_ENTRIES } from "./decision-entries.ts";
import type { CatalogueEntry } from "./entry.ts";
import { FLIGHT_ENTRIES } from "./flight-entries.ts";
import { INPUT_ENTRIES } from "./input-entries.ts";
import { KERNEL_ENTRIES } from "./kernel-entries.ts";
import { LOAD_ENTRIES } from "./load-entries.ts";
import { MACHINE_ENTRIES } from "./machine-entries.ts";
import { NETWORK_ENTRIES } from "./network-entries.ts";
import { PART_ENTRIES } from "./part-entries.ts";
import { PROCESS_ENTRIES } from "./process-entries.ts";
import { SUPERVISOR_ENTRIES } from "./supervisor-entries.ts";
import { VIP_ENTRIES } from "./vip-entries.ts";

export const CATALOGUE: readonly CatalogueEntry[] = [
  ...FLIGHT_ENTRIES,
  ...NETWORK_ENTRIES,
  ...KERNEL_ENTRIES,
  ...MACHINE_ENTRIES,
  ...VIP_ENTRIES,
  ...PROCESS_ENTRIES,
  ...PART_ENTRIES,
  ...DECISION_ENTRIES,
  ...INPUT_ENTRIES,
  ...SUPERVISOR_ENTRIES,
  ...LOAD_ENTRIES,
];

/** The entry of a code; undefined for a code unknown to this release. */
export function catalogueEntry(code: number): CatalogueEntry | undefined {
  return CATALOGUE.find((candidate) => candidate.code === code);
}
