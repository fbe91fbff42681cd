/** FIG. 3 of the patent ([0032]–[0038]), step by step. */
import { FUNCTIONS_MAX } from "../limits.ts";
import {
  type Allocation,
  assignTo,
  hasRoom,
  type Policy,
  resetRemaining,
  serverOfLargestRemaining,
} from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";
import { PREEMPT } from "./preempt.ts";

export const RESET = {
  name: "reset",
  keepsRunning: false,
  searches: false,
  planner: null,
  allocate: allocateReset,
} as const satisfies Policy;

/**
 * Gives all functions out anew. Call it after a failure or a recovery (S1). Ties: lower function
 * index, lower server index. The path has FUNCTIONS_MAX rounds whatever the table holds. On hold
 * there is no S2: it is FIG. 4.
 */
function allocateReset(table: FunctionTable, allocation: Allocation): void {
  if (allocation.holds) {
    PREEMPT.allocate(table, allocation);
    return;
  }
  allocation.steps = 0;
  allocation.stops = 0;
  resetRemaining(table, allocation);
  // S2: reset the allocation of all functions.
  for (let index = 0; index < FUNCTIONS_MAX; index++) {
    allocation.steps++;
    allocation.assigned[index] = NONE;
  }
  // S8: repeat until every function has had its turn.
  for (let round = 0; round < FUNCTIONS_MAX; round++) {
    const present = round < table.functionCount;
    // S3: the unallocated function of the maximum priority
    const index = present ? table.turn[round] : 0;
    const server = serverOfLargestRemaining(table, allocation, index); // S4
    // S5: does the server have the required resource? If not, leave the function out.
    if (!present || server === NONE || !hasRoom(table, allocation, index, server)) continue;
    // S6; S7, making the VIP effective, is the hand-over's work
    assignTo(table, allocation, index, server);
  }
}
