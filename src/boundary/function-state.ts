/** States of a function as a server knows them. */
export const FUNCTION_STOPPED = 0;
export const FUNCTION_STARTING = 1;
export const FUNCTION_RUNNING = 2;
export const FUNCTION_STOPPING = 3;
export const FUNCTION_FAILED = 4;

/** Names in `status --json`, indexed by FUNCTION_*. */
export const FUNCTION_STATE_NAMES = [
  "stopped",
  "starting",
  "running",
  "stopping",
  "failed",
] as const;
