/**
 * A part on trial: it is kept once this server has been healthy for a while, and given up for the
 * one before when it is not healthy in time. Pure but for the store; whoever owns it calls `look`
 * once a second.
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { ROLLED_BACK_UNHEALTHY } from "../catalogue/roll-back-reason.ts";
import { type SlotName, SlotStore } from "../slots/slot-store.ts";

/** Healthy for so long without a break. */
export const HEALTHY_S = 5;

// ---- what has come of a look
export const TRIAL_GOES_ON = 0;
export const TRIAL_IS_GOOD = 1;
/** The other slot is to be started: this daemon has to end. */
export const TRIAL_HAS_FAILED = 2;

export class SlotTrial {
  private healthyS = 0;
  private elapsedS = 0;

  private constructor(
    private readonly store: SlotStore,
    readonly slot: SlotName,
    private readonly limitS: number,
  ) {}

  /**
   * @param executable by whose name this daemon was started; null: it runs from source
   * @param limitS within so many seconds it has to be healthy
   * @returns null when this is no part on trial
   */
  static of(slots: string, executable: string | null, limitS: number): SlotTrial | null {
    const store = new SlotStore(slots);
    const { trial } = store;
    if (trial === null || executable === null) return null;
    try {
      const isOurs = dirname(realpathSync(executable)) === realpathSync(store.path(trial.slot));
      return isOurs ? new SlotTrial(store, trial.slot, limitS) : null;
    } catch {
      return null; // it was started from elsewhere, and its file is gone
    }
  }

  /** A second has passed. @throws Error when the store cannot be written: it is tried again */
  look(isHealthy: boolean): number {
    this.elapsedS++;
    this.healthyS = isHealthy ? this.healthyS + 1 : 0;
    if (this.store.trial?.slot !== this.slot) return TRIAL_IS_GOOD; // somebody said so
    if (this.healthyS >= HEALTHY_S) {
      this.store.confirm();
      return TRIAL_IS_GOOD;
    }
    if (this.elapsedS < this.limitS) return TRIAL_GOES_ON;
    this.store.rollBack(ROLLED_BACK_UNHEALTHY);
    return TRIAL_HAS_FAILED;
  }
}
