/**
 * `wingman adopt`: the fleet moves to another table. A part on trial with a table that the others
 * do not hold is kept, although its server takes no part: it serves when the last server with the
 * table before has left.
 */
import { readlinkSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { type SlotName, SlotStore } from "../slots/slot-store.ts";
import { healthProblemsExceptTable } from "../supervisor/health.ts";
import { holdersOfAnotherTable, isHeldBack } from "../supervisor/other-tables.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import type { StatusDocument } from "../supervisor/status-document.ts";
import { StatusError } from "../supervisor/status-reader.ts";
import { groundInputOf } from "./part-slots.ts";

/**
 * On ground only. Asked again, it says once more what the server waits for.
 * @throws UsageError, InputFileError, RuntimeError
 */
export async function adopt(args: string[]): Promise<number> {
  const { options } = parseOptions("adopt", args, {
    config: "value",
    slots: "value",
    "run-dir": "value",
  });
  const { config } = requireConfig(options.config);
  const groundInput = groundInputOf(config, options["run-dir"]);
  if (!(await isOnGroundNow(groundInput)))
    throw new RuntimeError(`adopt: on ground only: ${groundText(groundInput)}`);
  const store = new SlotStore(options.slots ?? config.parts.slots);
  const status = await statusOf(options["run-dir"]);
  const { trial } = store;
  if (trial === null) requireKept(store, status);
  else {
    requireFlown(store, trial.slot, status);
    requireReason(trial.slot, status);
    if (store.trial?.slot !== trial.slot)
      throw new RuntimeError(`adopt: slot ${trial.slot} was given up meanwhile`);
    store.confirm();
  }
  const slot = `slot ${store.current} is kept${trial === null ? " already" : ""}`;
  console.log(`${slot}: ${waitsFor(status)}`);
  if (isHeldBack(status) && status.draining)
    console.log(
      "it is drained: 'wingman resume' before the last of them leaves, or it serves nothing",
    );
  return EXIT_DONE;
}

async function statusOf(runDirectory: string | undefined): Promise<StatusDocument> {
  try {
    return await new RunningDaemon(runDirectory).status();
  } catch (error) {
    if (error instanceof StatusError) throw new RuntimeError(`adopt: ${error.message}`);
    throw error;
  }
}

function waitsFor(status: StatusDocument): string {
  const holders = holdersOfAnotherTable(status).join(", ");
  return isHeldBack(status)
    ? `it takes no part until these have left: ${holders}`
    : `these hold another table, and take no part: ${holders}`;
}

/** @throws RuntimeError unless this server waits with a part that is no longer on trial */
function requireKept(store: SlotStore, status: StatusDocument): void {
  if (store.current !== null && isHeldBack(status)) return;
  const holders = holdersOfAnotherTable(status);
  const who = `it is ${status.phase}, and its part is kept`;
  throw new RuntimeError(
    holders.length === 0 || isHeldBack(status)
      ? "adopt: no part is on trial here"
      : `adopt: no part is on trial here: ${who}; ${waitsFor(status)}`,
  );
}

/** @throws RuntimeError when the part on trial is not what flies: nobody knows whether it can */
function requireFlown(store: SlotStore, slot: SlotName, { enginePid }: StatusDocument): void {
  let flown: string;
  try {
    flown = readlinkSync(`/proc/${enginePid}/exe`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new RuntimeError(
      `adopt: cannot find the running executable: /proc/${enginePid}/exe: ${code}`,
    );
  }
  const place = realpathSync(store.path(slot));
  if (dirname(flown) === place) return;
  throw new RuntimeError(
    `adopt: slot ${slot} is on trial, but is not running: found ${flown}, expected one in ${place}: start it first`,
  );
}

/** @throws RuntimeError when it is not for another table alone that the part is still on trial */
function requireReason(slot: SlotName, status: StatusDocument): void {
  const ill = healthProblemsExceptTable(status);
  if (ill.length > 0)
    throw new RuntimeError(`adopt: slot ${slot} is not healthy: ${ill.join("; ")}`);
  if (holdersOfAnotherTable(status).length > 0) return;
  throw new RuntimeError(
    `adopt: no server that is heard holds another table: slot ${slot} is kept by itself once 'wingman health' has reported healthy for a while`,
  );
}
