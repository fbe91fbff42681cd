/** Phases of a server (PROTOCOL.md, "Phases"). */
export const PHASE_LISTENING = 0;
export const PHASE_ACTIVE = 1;
export const PHASE_ISOLATED = 2;
export const PHASE_DRAINING = 3;

/** Names in `status --json`, indexed by PHASE_*. */
export const PHASE_NAMES = ["listening", "active", "isolated", "draining"] as const;
