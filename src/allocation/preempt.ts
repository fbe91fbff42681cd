/** FIG. 4 of the patent ([0039]–[0045]), step by step. */
import { FUNCTIONS_MAX, SERVERS_MAX } from "../limits.ts";
import {
  type Allocation,
  assignTo,
  candidatesFor,
  hasRoom,
  type Policy,
  resetRemaining,
  serverOfLargestRemaining,
  takeAway,
} from "./allocation.ts";
import { type FunctionTable, NONE } from "./function-table.ts";

export const PREEMPT = {
  name: "preempt",
  keepsRunning: true,
  searches: false,
  planner: null,
  allocate: allocatePreempt,
} as const satisfies Policy;

/**
 * Rounds of the loop, at most: each round ends one function's turn or stops one function. Every
 * function has one turn, and none is stopped twice, because only less important ones are stopped
 * and their turns come later. Spare rounds look at the servers all the same, so that the path
 * always has the same length (P7).
 */
export const PREEMPT_ROUNDS = 2 * FUNCTIONS_MAX;

/**
 * Places what is unallocated, and stops less important functions where there is no room. Call it
 * after a failure or a recovery (S1). Ties: lower function index first; among the least important
 * on a server the higher index stops; lower server index. There is no S2: what runs stays, unless
 * it is stopped for a more important function.
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
    } else if (hasRoom(table, allocation, index, server)) {
      // S5 Yes
      assignTo(table, allocation, index, server); // S6
      turn++; // S8
    } else {
      // S5 No
      // S11: the function Fmin of the minimum priority on this server
      const least = allocation.leastImportant[server];
      if (least !== NONE && table.priority[least] < table.priority[index]) {
        // S12 Yes. The hand-over tells the clients (S13) and stops it, from the difference of the
        // assignments.
        takeAway(table, allocation, least); // S14, S15
        allocation.leastImportant[server] = allocation.nextMoreImportant[least];
        allocation.stops++;
      } else {
        turn++; // S12 No → S16: give this function up
      }
    }
  }
}

/**
 * Enters what runs on operable servers that may still run it, and links each server's functions
 * from the least important up. A function placed later needs no link: whoever comes after it is no
 * more important.
 */
export function takeOverRunning(table: FunctionTable, allocation: Allocation): void {
  allocation.assigned.fill(NONE);
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    allocation.leastImportant[server] = NONE;
  }
  for (let place = 0; place < FUNCTIONS_MAX; place++) {
    allocation.steps++;
    const present = place < table.functionCount;
    const index = present ? table.turn[place] : place;
    const server = present ? allocation.current[index] : NONE;
    if (server === NONE) continue;
    if ((candidatesFor(table, allocation, index) & (1 << server)) === 0) continue;
    // More than the server gives: it withholds resource, or a report is wrong. What does not fit is
    // unallocated and gets its turn.
    if (!hasRoom(table, allocation, index, server)) continue;
    assignTo(table, allocation, index, server);
    allocation.nextMoreImportant[index] = allocation.leastImportant[server];
    allocation.leastImportant[server] = index;
  }
}
