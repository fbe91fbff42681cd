/** From the configuration to the preallocated table that the core works on. */
import {
  FunctionTable,
  PROCESS_ALWAYS,
  PROCESS_NONE,
  PROCESS_ON_ACTIVATE,
} from "../allocation/function-table.ts";
import type { AircraftConfig, FunctionConfig } from "./model.ts";

/** Servers and functions keep the order of the configuration: that is their index everywhere. */
export function functionTableOf(config: AircraftConfig): FunctionTable {
  return new FunctionTable(
    config.servers.map(({ resource }) => resource),
    config.functions.map((entry) => ({
      required: entry.required,
      priority: entry.priority,
      servers: config.servers.reduce(
        (mask, { id }, x) => (entry.servers.includes(id) ? mask | (1 << x) : mask),
        0,
      ),
      process: processKind(entry),
      stopGraceMs: entry.stopGraceMs,
    })),
  );
}

function processKind({ command, start }: FunctionConfig): number {
  if (command === null) return PROCESS_NONE;
  return start === "always" ? PROCESS_ALWAYS : PROCESS_ON_ACTIVATE;
}
