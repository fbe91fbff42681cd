/** 1 January 2024: an earlier time means that the clock was never set. */
const UTC_MS_MIN = 1_704_067_200_000;

/** UTC of the system's clock in ms; null when it was never set. */
export const validUtc = (utcMs: number): number | null => (utcMs >= UTC_MS_MIN ? utcMs : null);
