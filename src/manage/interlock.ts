/**
 * The on-ground interlock: actions that disturb the service of passengers and crew are allowed on
 * ground only. Always allowed: reading, restoring service, and moving it without an interruption.
 */

export type Action =
  | "drain"
  | "resume"
  | "capacity"
  | "hold"
  | "move"
  | "clear-faults"
  | "inject-fault"
  | "data-load";

interface Rule {
  /** Applies when no function would stop. */
  readonly onGroundOnly: boolean;
  /** Allowed even if functions would stop: without it something worse may happen. */
  readonly mayStop?: boolean;
  /** Effect of the action, for a refusal. */
  readonly effect: string;
}

const RULES: Readonly<Record<Action, Rule>> = {
  // The other servers take over, as they would after a failure.
  drain: { onGroundOnly: false, effect: "hands all functions to the other servers" },
  // Restores service; disturbs no served client.
  resume: { onGroundOnly: false, effect: "lets this server take functions again" },
  // An overheated server would fail as a whole, with all its functions.
  capacity: { onGroundOnly: false, mayStop: true, effect: "gives another part of the resource" },
  // Disturbs nobody, and is for announcements, which are made in the air.
  hold: { onGroundOnly: false, effect: "keeps what runs where it is" },
  move: { onGroundOnly: true, effect: "interrupts the function while it moves" },
  // In the air a recurring fault would look like a new one.
  "clear-faults": { onGroundOnly: true, effect: "ends faults that are recorded as active" },
  "data-load": { onGroundOnly: true, effect: "loads software, or takes files off the server" },
  "inject-fault": { onGroundOnly: true, effect: "removes something that may be in use" },
};

/**
 * Reason why `action` is refused, for a human; null when it is allowed. Without information the
 * aircraft counts as in the air.
 * @param stops functions that the action stops, in words, "" for none: then it is allowed on ground
 * only
 * @param ground the ground input in words, for a refusal
 */
export function refusal(
  action: Action,
  isOnGround: boolean,
  ground: string,
  stops = "",
): string | null {
  const { onGroundOnly, mayStop = false, effect } = RULES[action];
  if (isOnGround || (!onGroundOnly && (mayStop || stops === ""))) return null;
  return `refused unless on ground: it ${stops === "" ? effect : stops} (${ground})`;
}
