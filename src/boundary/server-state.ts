/** States of a server as seen by another one. */
export const SERVER_UNKNOWN = 0; // never heard
export const SERVER_SELF = 1;
export const SERVER_JOINING = 2;
export const SERVER_ALIVE = 3;
export const SERVER_LEAVING = 4;
export const SERVER_LOST = 5;
export const SERVER_UNREACHABLE = 6;
export const SERVER_INCOMPATIBLE = 7;

/** Names in `status --json`, indexed by SERVER_*. */
export const SERVER_STATE_NAMES = [
  "unknown",
  "self",
  "joining",
  "alive",
  "leaving",
  "lost",
  "unreachable",
  "incompatible",
] as const;
