/** Why a loadable part gave way to the one before. */

/** Starts of a part that never became healthy before the one before it flies again. */
export const TRIAL_STARTS = 3;

/** Why a part was rolled back. */
export const ROLLED_BACK_STARTS = 1;
export const ROLLED_BACK_UNHEALTHY = 2;
export const ROLLED_BACK_DAMAGED = 3;
export const ROLLED_BACK_BY_HAND = 4;
export const ROLLED_BACK_TEXTS: Readonly<Record<number, string>> = {
  [ROLLED_BACK_STARTS]: `not healthy after ${TRIAL_STARTS} starts`,
  [ROLLED_BACK_UNHEALTHY]: "not healthy in time",
  [ROLLED_BACK_DAMAGED]: "its files are damaged",
  [ROLLED_BACK_BY_HAND]: "asked for",
};
