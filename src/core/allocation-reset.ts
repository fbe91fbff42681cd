/** FIG. 3 of the patent ([0032]–[0038]), step by step. */
import { FUNCTIONS_MAX } from "../limits.ts";
import {
  type Allocation,
  type Policy,
  resetRemaining,
  serverOfLargestRemaining,
} from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

export const RESET = {
  name: "reset",
  keepsRunning: false,
  allocate: allocateReset,
} as const satisfies Policy;

/**
 * Gives all functions out anew. To be called when a failure or a recovery was detected (S1). Ties:
 * lower function index, lower server index. The path has FUNCTIONS_MAX rounds whatever the table
 * holds.
 */
function allocateReset(table: FunctionTable, allocation: Allocation): void {
  allocation.steps = 0;
  allocation.stops = 0;
  resetRemaining(table, allocation);
  // S2: totally reset the allocation of the current service functions.
  for (let index = 0; index < FUNCTIONS_MAX; index++) {
    allocation.steps++;
    allocation.assigned[index] = NONE;
  }
  // S8: repeat until every function had its turn.
  for (let round = 0; round < FUNCTIONS_MAX; round++) {
    const present = round < table.functionCount;
    // S3: the unallocated function of the maximum priority
    const index = present ? table.turn[round] : 0;
    const server = serverOfLargestRemaining(table, allocation, index); // S4
    // S5: does the server have the required resource? If not, the function is left out.
    if (!present || server === NONE || allocation.remaining[server] < table.required[index])
      continue;
    // S6; S7, making the VIP effective, is the hand-over's work
    allocation.assigned[index] = server;
    allocation.remaining[server] -= table.required[index];
  }
}
