/**
 * Watches a part on trial during flight, and records the result of this trial and of the last one.
 */

import { ROLLED_BACK_TEXTS } from "../catalogue/roll-back-reason.ts";
import {
  LOG_PART_GOOD,
  LOG_PART_ON_TRIAL,
  LOG_PART_ROLLED_BACK,
} from "../catalogue/supervisor-code.ts";
import type { AircraftConfig } from "../config/model.ts";
import { SLOT_NAMES, SlotStore } from "../slots/slot-store.ts";
import { healthProblems } from "./health.ts";
import { logSupervisor } from "./log-output.ts";
import { SlotTrial, TRIAL_CONTINUES, TRIAL_HAS_FAILED } from "./slot-trial.ts";
import { statusDocument } from "./status-document.ts";
import { readStatusNow } from "./status-reader.ts";

const POLL_MS = 1000;

export interface TrialWatchParts {
  readonly config: AircraftConfig;
  readonly executable: string | null;
  /** Where the engine's status is. */
  readonly statusFile: string;
  readonly record: (code: number, first?: number, second?: number) => void;
  /** Ends the daemon, so that the other slot is started. */
  readonly leave: () => void;
}

/** @returns a function to call when the daemon ends */
export function watchTrial(parts: TrialWatchParts): () => void {
  const { config, executable, record, leave } = parts;
  reportRollBack(config.parts.slots, record);
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
    if (outcome === TRIAL_CONTINUES) return;
    clearInterval(timer);
    if (outcome === TRIAL_HAS_FAILED) {
      logSupervisor(`not healthy in time, back to the other slot: ${reasons.join("; ")}`);
      leave();
      return;
    }
    record(LOG_PART_GOOD, slot);
    logSupervisor(`the part in slot ${trial.slot} is good`);
  }, POLL_MS);
  return () => clearInterval(timer);
}

/** Recorded once, by whichever part flies afterwards. */
function reportRollBack(slots: string, record: TrialWatchParts["record"]): void {
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
  return snapshot === null ? ["no engine flies"] : healthProblems(statusDocument(snapshot, config));
}
