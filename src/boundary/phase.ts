/** Phases of a server (protocol, section 2). */
export const PHASE_LISTENING = 0;
export const PHASE_ACTIVE = 1;
export const PHASE_ISOLATED = 2;
export const PHASE_DRAINING = 3;

/** By PHASE_*, in the words of `status --json`. */
export const PHASE_NAMES = ["listening", "active", "isolated", "draining"] as const;
