/**
 * The policy "planned": after every event the best possible set of functions, with the fewest
 * moves. It goes beyond the patent, whose FIG. 3 and FIG. 4 decide on one function at a time.
 */
import type { Allocation, Policy } from "../allocation.ts";
import type { FunctionTable } from "../function-table.ts";
import { Planner } from "./planner.ts";

export const PLANNED = {
  name: "planned",
  keepsRunning: true,
  searches: true,
  planner: (table) => new Planner(table),
  allocate: allocatePlanned,
} as const satisfies Policy;

/** Working memory for the last table asked about; no answer depends on it. */
let planner: Planner | null = null;

function allocatePlanned(table: FunctionTable, allocation: Allocation): void {
  if (planner?.table !== table) planner = new Planner(table);
  planner.begin(allocation);
  planner.advance(Number.POSITIVE_INFINITY);
  planner.finish(allocation);
}
