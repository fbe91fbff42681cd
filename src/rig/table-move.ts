/**
 * The fleet moves to another table: half of the servers wait with the new part and are adopted, the
 * others leave, and return with it. The last step (nothing is left behind) belongs to the process
 * outside, see ground-rig.ts.
 */
import type { AircraftConfig } from "../config/model.ts";
import type { StepResult } from "./procedure-step.ts";
import type { ServerSlots } from "./server-slots.ts";
import { allMoved, MoveContext, newcomer, rejoin, stopLastServers } from "./steps-adopt.ts";
import { allUp, eachAnsweredOnce } from "./steps-ready.ts";
import type { UpdateOrder } from "./update-order.ts";
import type { VirtualAircraft } from "./virtual-aircraft.ts";

/** Number of steps for this many servers, the last one included. */
export const moveSteps = (servers: number): number => servers + 6;

/**
 * Returns whether every step passed. A server that does not get this far ends the move.
 * @param otherTable the configuration in `order.to` as the rig flies it; it is in `otherFile`
 */
export async function moveToTable(
  aircraft: VirtualAircraft,
  slots: readonly ServerSlots[],
  order: UpdateOrder,
  otherTable: AircraftConfig,
  otherFile: string,
  report: (result: StepResult) => void,
): Promise<boolean> {
  const context = new MoveContext(aircraft, slots, order, otherTable, otherFile);
  let passed = true;
  const conclude = (result: StepResult) => {
    passed &&= result.passed;
    report(result);
  };
  const up = await allUp(context.before);
  conclude(up);
  if (!up.passed) return false; // the following steps would mean nothing
  conclude(await eachAnsweredOnce(context.before));
  let number = 3;
  const half = Math.floor(aircraft.servers.length / 2);
  for (const server of aircraft.servers.slice(0, half)) {
    const { result, isReady } = await newcomer(context, number++, server);
    conclude(result);
    if (!isReady) return false;
  }
  const last = aircraft.servers.slice(half);
  const { result, hasMoved } = await stopLastServers(context, number++, last);
  conclude(result);
  if (!hasMoved) return false;
  for (const server of last) {
    const joined = await rejoin(context, number++, server);
    conclude(joined.result);
    if (!joined.isBack) return false;
  }
  conclude(await allMoved(context, number++));
  conclude(await eachAnsweredOnce(context.after, number));
  return passed;
}
