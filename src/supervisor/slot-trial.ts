/**
 * A part on trial: it is kept once this server has been healthy for a while, and replaced by the
 * previous one when it is not healthy in time. Pure except for the store; its owner calls `look`
 * once a second.
 */
import { realpathSync } from "node:fs";
import { dirname } from "node:path";
import { ROLLED_BACK_UNHEALTHY } from "../catalogue/roll-back-reason.ts";
import { type SlotName, SlotStore } from "../slots/slot-store.ts";

/** Healthy for this long without a break. */
export const HEALTHY_S = 5;

// ---- results of a look
export const TRIAL_CONTINUES = 0;
export const TRIAL_IS_GOOD = 1;
/** The other slot has to be started: this daemon must end. */
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
   * @param executable file name by which this daemon was started; null when it runs from source
   * @param limitS seconds within which it has to be healthy
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

  /** Call once a second. @throws Error when the store cannot be written: this is retried */
  look(isHealthy: boolean): number {
    this.elapsedS++;
    this.healthyS = isHealthy ? this.healthyS + 1 : 0;
    if (this.store.trial?.slot !== this.slot) return TRIAL_IS_GOOD; // somebody declared it good
    if (this.healthyS >= HEALTHY_S) {
      this.store.confirm();
      return TRIAL_IS_GOOD;
    }
    if (this.elapsedS < this.limitS) return TRIAL_CONTINUES;
    this.store.rollBack(ROLLED_BACK_UNHEALTHY);
    return TRIAL_HAS_FAILED;
  }
}
