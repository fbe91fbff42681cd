/**
 * FIG. 4 with a dry run on every server: something stops only if that makes room, and on the server
 * where the least important must go. One of the starts of the search, and the answer if the search
 * finds nothing better.
 */
import { DIMENSIONS_MAX, FUNCTIONS_MAX, SERVERS_MAX } from "../../limits.ts";
import {
  type Allocation,
  assignTo,
  candidatesFor,
  hasRoom,
  resetRemaining,
  takeAway,
} from "../allocation.ts";
import { type FunctionTable, NONE } from "../function-table.ts";
import { takeOverRunning } from "../preempt.ts";

/** What would remain with some functions stopped. */
const trial = { remaining: new Int32Array(DIMENSIONS_MAX * SERVERS_MAX) };

export function allocateWithDryRuns(table: FunctionTable, allocation: Allocation): void {
  allocation.steps = 0;
  allocation.stops = 0;
  resetRemaining(table, allocation);
  takeOverRunning(table, allocation);
  for (let turn = 0; turn < table.functionCount; turn++) {
    const index = table.turn[turn];
    if (allocation.assigned[index] === NONE) placeOne(table, allocation, index);
  }
}

function placeOne(table: FunctionTable, allocation: Allocation, index: number): void {
  let candidates = candidatesFor(table, allocation, index);
  const from = allocation.current[index];
  if (allocation.holds && from !== NONE) candidates &= 1 << from; // it is not moved
  let roomiest = NONE;
  let best = NONE;
  let bestVictims = 0;
  for (let server = 0; server < SERVERS_MAX; server++) {
    allocation.steps++;
    if ((candidates & (1 << server)) === 0) continue;
    if (hasRoom(table, allocation, index, server)) {
      if (roomiest === NONE || allocation.remaining[server] > allocation.remaining[roomiest])
        roomiest = server;
    } else if (roomiest === NONE) {
      const victims = victimsFor(table, allocation, index, server);
      if (victims === 0) continue;
      if (best !== NONE && bestVictims <= victims) continue;
      best = server;
      bestVictims = victims;
    }
  }
  if (roomiest === NONE && best !== NONE) {
    while (!hasRoom(table, allocation, index, best)) stopLeast(table, allocation, best);
    roomiest = best;
  }
  if (roomiest !== NONE) assignTo(table, allocation, index, roomiest);
}

/**
 * Cost of the functions that would have to stop: priority of the most important × FUNCTIONS_MAX +
 * their number; 0: all that may stop are too few.
 */
function victimsFor(
  table: FunctionTable,
  allocation: Allocation,
  index: number,
  server: number,
): number {
  const { remaining } = trial;
  remaining.set(allocation.remaining);
  let victims = 0;
  let victim = allocation.leastImportant[server];
  for (; victim !== NONE; victim = allocation.nextMoreImportant[victim]) {
    allocation.steps++;
    if (table.priority[victim] >= table.priority[index]) return 0;
    victims++;
    giveBack(table, remaining, victim, server);
    if (hasRoom(table, trial, index, server))
      return table.priority[victim] * FUNCTIONS_MAX + victims;
  }
  return 0;
}

function stopLeast(table: FunctionTable, allocation: Allocation, server: number): void {
  const least = allocation.leastImportant[server];
  allocation.leastImportant[server] = allocation.nextMoreImportant[least];
  takeAway(table, allocation, least);
  allocation.stops++;
}

function giveBack(
  table: FunctionTable,
  remaining: Int32Array,
  index: number,
  server: number,
): void {
  for (let dimension = 0; dimension < table.dimensions; dimension++)
    remaining[dimension * SERVERS_MAX + server] +=
      table.required[dimension * FUNCTIONS_MAX + index];
}
