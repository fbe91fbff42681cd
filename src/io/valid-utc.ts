/** Before this, 1 January 2024, the clock has not been set. */
const UTC_MS_MIN = 1_704_067_200_000;

/** UTC in ms as the system's clock has it; null: it was never set. */
export const validUtc = (utcMs: number): number | null => (utcMs >= UTC_MS_MIN ? utcMs : null);
