/** Reasons why a loadable part was replaced by the previous one. */

/** Starts of a part that never becomes healthy, before the previous one flies again. */
export const TRIAL_STARTS = 3;

/** Reason of a roll-back. */
export const ROLLED_BACK_STARTS = 1;
export const ROLLED_BACK_UNHEALTHY = 2;
export const ROLLED_BACK_DAMAGED = 3;
export const ROLLED_BACK_BY_HAND = 4;
export const ROLLED_BACK_TEXTS: Readonly<Record<number, string>> = {
  [ROLLED_BACK_STARTS]: `not healthy after ${TRIAL_STARTS} starts`,
  [ROLLED_BACK_UNHEALTHY]: "not healthy in time",
  [ROLLED_BACK_DAMAGED]: "its files are damaged",
  [ROLLED_BACK_BY_HAND]: "by hand",
};
