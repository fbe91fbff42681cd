/** Converts the configuration to the preallocated table of the core. */
import {
  FunctionTable,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../allocation/function-table.ts";
import { SEARCH_STEPS_MAX, SEARCH_STEPS_PER_MS } from "../limits.ts";
import type { AircraftConfig, FunctionConfig } from "./model.ts";
import { partnersOf } from "./partners.ts";

/** Servers and functions keep the order of the configuration: it gives their index everywhere. */
export function functionTableOf(config: AircraftConfig): FunctionTable {
  const { together, apart } = partnersOf(config.functions);
  return new FunctionTable(
    config.servers.map(({ resource, furtherResources }) => [resource, ...furtherResources]),
    config.functions.map((entry, index) => ({
      required: [entry.required, ...entry.furtherRequired],
      priority: entry.priority,
      servers: config.servers.reduce(
        (mask, { id }, x) => (entry.servers.includes(id) ? mask | (1 << x) : mask),
        0,
      ),
      process: processKind(entry),
      stopGraceMs: entry.stopGraceMs,
      apartFrom: apart[index] ?? [],
      together: together[index] ?? [],
    })),
    Math.min(SEARCH_STEPS_MAX, SEARCH_STEPS_PER_MS * config.keepAlive.periodMs),
  );
}

function processKind({ command, start }: FunctionConfig): number {
  if (command === null) return PROCESS_NONE;
  return start === "always" ? PROCESS_ALWAYS : PROCESS_ON_ACTIVATE;
}
