/** Watches a part on trial beside the flight, and tells the log what came of it and of the last. */

import { ROLLED_BACK_TEXTS } from "../catalogue/roll-back-reason.ts";
import {
  LOG_PART_GOOD,
  LOG_PART_ON_TRIAL,
  LOG_PART_ROLLED_BACK,
} from "../catalogue/upkeep-code.ts";
import type { AircraftConfig } from "../config/model.ts";
import { SLOT_NAMES, SlotStore } from "../slots/slot-store.ts";
import { ailments } from "./health.ts";
import { logSupervisor } from "./log-output.ts";
import { SlotTrial, TRIAL_GOES_ON, TRIAL_HAS_FAILED } from "./slot-trial.ts";
import { statusDocument } from "./status-document.ts";
import { readStatusNow } from "./status-reader.ts";

const LOOK_MS = 1000;

export interface TrialWatchParts {
  readonly config: AircraftConfig;
  readonly executable: string | null;
  /** Where the engine's status is. */
  readonly statusFile: string;
  readonly record: (code: number, first?: number, second?: number) => void;
  /** The daemon ends, so that the other slot is started. */
  readonly leave: () => void;
}

/** @returns to be called when the daemon ends */
export function watchTrial(parts: TrialWatchParts): () => void {
  const { config, executable, record, leave } = parts;
  tellRollBack(config.parts.slots, record);
  const trial = SlotTrial.of(config.parts.slots, executable, config.parts.trialS);
  if (trial === null) return () => {};
  const slot = SLOT_NAMES.indexOf(trial.slot);
  record(LOG_PART_ON_TRIAL, slot);
  logSupervisor(
    `the part in slot ${trial.slot} is on trial: it has to be healthy within ${config.parts.trialS} s`,
  );
  let reasons: string[] = [];
  const timer = setInterval(() => {
    reasons = reasonsOf(parts);
    let outcome: number;
    try {
      outcome = trial.look(reasons.length === 0);
    } catch (error) {
      logSupervisor(`the trial of slot ${trial.slot}: ${(error as Error).message}`);
      return;
    }
    if (outcome === TRIAL_GOES_ON) return;
    clearInterval(timer);
    if (outcome === TRIAL_HAS_FAILED) {
      logSupervisor(`not healthy in time, back to the other slot: ${reasons.join("; ")}`);
      leave();
      return;
    }
    record(LOG_PART_GOOD, slot);
    logSupervisor(`the part in slot ${trial.slot} is good`);
  }, LOOK_MS);
  return () => clearInterval(timer);
}

/** Once, by whichever part flies after it. */
function tellRollBack(slots: string, record: TrialWatchParts["record"]): void {
  const store = new SlotStore(slots);
  const { rolledBack } = store.state;
  if (rolledBack === null || rolledBack.isLogged || rolledBack.slot === store.current) return;
  record(LOG_PART_ROLLED_BACK, SLOT_NAMES.indexOf(rolledBack.slot), rolledBack.reason);
  logSupervisor(
    `the part in slot ${rolledBack.slot} was rolled back: ${ROLLED_BACK_TEXTS[rolledBack.reason]}`,
  );
  try {
    store.noteLogged();
  } catch (error) {
    logSupervisor(`slots: ${(error as Error).message}`);
  }
}

function reasonsOf({ config, statusFile }: TrialWatchParts): string[] {
  const snapshot = readStatusNow(statusFile, config.keepAlive.periodMs);
  return snapshot === null ? ["no engine flies"] : ailments(statusDocument(snapshot, config));
}
