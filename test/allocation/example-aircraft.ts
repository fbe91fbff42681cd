/** The three example aircraft of `firmware-config/`, in the plain form of the naive reference. */
import { fileURLToPath } from "node:url";
import type { FunctionTable } from "../../src/allocation/function-table.ts";
import { functionTableOf } from "../../src/config/function-table.ts";
import { formatProblems, loadConfig } from "../../src/config/load.ts";
import { figure3, type Outcome, type System } from "./reference.ts";

export interface Aircraft {
  resources: number[];
  functions: { id: string; required: number; priority: number; servers: number[] }[];
  /** The table that flies, made by the product from the same file. */
  table: FunctionTable;
}

function aircraftOf(name: string): Aircraft {
  const loaded = loadConfig(
    fileURLToPath(new URL(`../../firmware-config/${name}.json`, import.meta.url)),
  );
  if (!loaded.ok) throw new Error(formatProblems(loaded));
  const { config } = loaded;
  return {
    resources: config.servers.map(({ resource }) => resource),
    functions: config.functions.map(({ id, required, priority, servers }) => ({
      id,
      required,
      priority,
      servers: servers.map((server) => config.servers.findIndex((row) => row.id === server)),
    })),
    table: functionTableOf(config),
  };
}

/** 180 seats, 2 servers, 12 functions. */
export const SINGLE_AISLE = aircraftOf("single-aisle-180");
/** 300 seats, 4 servers, 24 functions. */
export const TWIN_AISLE = aircraftOf("twin-aisle-300");
/** 480 seats, 6 servers, 38 functions. */
export const VERY_LARGE = aircraftOf("very-large-480");

/** The aircraft at its start: nothing runs yet, the servers of `down` are not operable. */
export function atStart({ resources, functions }: Aircraft, down: readonly number[] = []): System {
  return {
    resources,
    operable: resources.map((_, x) => !down.includes(x)),
    functions: functions.map(({ required, priority, servers }) => ({
      required,
      priority,
      servers,
      cannotRunOn: [],
      owner: null,
    })),
  };
}

/**
 * The aircraft in flight, everything given out by FIG. 3 with all servers, at the moment in which
 * the servers of `down` fail.
 */
export function afterLoss(aircraft: Aircraft, down: readonly number[]): System {
  const { assigned } = figure3(atStart(aircraft));
  const system = atStart(aircraft, down);
  return {
    ...system,
    functions: system.functions.map((row, y) => ({ ...row, owner: assigned[y] })),
  };
}

/** Identifiers of the functions that run nowhere, in the order of the table. */
export function leftOut(
  { functions }: Aircraft,
  { assigned }: Pick<Outcome, "assigned">,
): string[] {
  return functions.filter((_, y) => assigned[y] === null).map(({ id }) => id);
}
