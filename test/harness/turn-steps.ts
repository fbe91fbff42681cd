/** Names of the steps of a turn (core/turn), for tests and traces. */
export const STEP_NAMES = [
  "begin",
  "renew lease",
  "send keep-alive",
  "report",
  "receive",
  "decide",
  "send news",
  "relay",
  "renew lease again",
  "carry out",
  "renew addresses",
  "plan ahead",
] as const;
