/** FIG. 4 of the patent ([0039]–[0045]), step by step. */
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  type Allocation,
  type Policy,
  resetRemaining,
  serverOfLargestRemaining,
} from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

export const PREEMPT = {
  name: "preempt",
  keepsRunning: true,
  allocate: allocatePreempt,
} as const satisfies Policy;

/**
 * What stops a loop that places a function and may stop one for it: each round either ends one
 * function's turn or stops one function, every function has one turn, and none is stopped twice,
 * since only less important functions are stopped and their own turns come later. The rounds that
 * are not needed look at the servers all the same: the path has the same length whatever happened
 * before (P7).
 */
export const PREEMPT_ROUNDS = 2 * FUNCTIONS_MAX;

/**
 * Places what is unallocated and stops less important functions where there is no room. To be
 * called when a failure or a recovery was detected (S1). Ties: lower function index first; among
 * the least important on a server the higher index is stopped; lower server index. There is no S2:
 * what runs stays unless it is stopped for a more important function.
 */
function allocatePreempt(table: FunctionTable, allocation: Allocation): void {
  allocation.steps = 0;
  allocation.stops = 0;
  resetRemaining(table, allocation);
  takeOverRunning(table, allocation);
  let turn = 0;
  for (let round = 0; round < PREEMPT_ROUNDS; round++) {
    const present = turn < table.functionCount;
    const index = present ? table.turn[turn] : 0; // S3: the function of the maximum priority
    const server = serverOfLargestRemaining(table, allocation, index); // S4
    if (!present) continue;
    if (allocation.assigned[index] !== NONE) {
      turn++; // it runs already: not among the unallocated
    } else if (server === NONE) {
      turn++; // S16: no operable server may run it
    } else if (allocation.remaining[server] >= table.required[index]) {
      // S5 Yes
      allocation.assigned[index] = server; // S6
      allocation.remaining[server] -= table.required[index];
      turn++; // S8
    } else {
      // S5 No
      // S11: the function Fmin of the minimum priority on this server
      const least = allocation.leastImportant[server];
      if (least !== NONE && table.priority[least] < table.priority[index]) {
        // S12 Yes. S13, telling the clients, and the real stop are the hand-over's work, from the
        // difference of the tables.
        allocation.assigned[least] = NONE; // S14
        allocation.remaining[server] += table.required[least]; // S15
        allocation.leastImportant[server] = allocation.nextMoreImportant[least];
        allocation.stops++;
      } else {
        turn++; // S12 No → S16: allocation of this function is given up
      }
    }
  }
}

/**
 * Enters what runs on operable servers that may still run it, and lines the functions of each
 * server up from the most to the least important. A function placed later needs no place in that
 * line: whoever comes after it is no more important.
 */
function takeOverRunning(table: FunctionTable, allocation: Allocation): void {
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    allocation.leastImportant[server] = NONE;
  }
  for (let place = 0; place < FUNCTIONS_MAX; place++) {
    allocation.steps++;
    const present = place < table.functionCount;
    const index = present ? table.turn[place] : place;
    const server = present ? allocation.current[index] : NONE;
    allocation.assigned[index] = NONE;
    if (server === NONE) continue;
    const bit = 1 << server;
    if ((allocation.operable & table.eligible[index] & ~allocation.cannotRun[index] & bit) === 0)
      continue;
    // More than the server holds can only come from a wrong report; what does not fit is
    // unallocated and gets its turn.
    if (allocation.remaining[server] < table.required[index]) continue;
    allocation.assigned[index] = server;
    allocation.remaining[server] -= table.required[index];
    allocation.nextMoreImportant[index] = allocation.leastImportant[server];
    allocation.leastImportant[server] = index;
  }
}
