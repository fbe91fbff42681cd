/**
 * The on-ground interlock: what disturbs the service of passengers and crew is done on ground only.
 * Reading is always allowed, and so is what restores service, or moves it without an interruption.
 */

export type Action = "drain" | "resume" | "move" | "clear-faults" | "inject-fault" | "data-load";

interface Rule {
  /** Where no function would stop by it. */
  readonly onGroundOnly: boolean;
  /** What would happen, for whoever is refused. */
  readonly effect: string;
}

const RULES: Readonly<Record<Action, Rule>> = {
  // The other servers take over, as they would after a failure.
  drain: { onGroundOnly: false, effect: "hands all functions to the other servers" },
  // Restores service; disturbs nobody who is served.
  resume: { onGroundOnly: false, effect: "lets this server take functions again" },
  move: { onGroundOnly: true, effect: "interrupts the function while it moves" },
  // In the air a fault that comes again would look like a new one.
  "clear-faults": { onGroundOnly: true, effect: "ends faults that are recorded as active" },
  "data-load": { onGroundOnly: true, effect: "loads software, or takes files off the server" },
  "inject-fault": { onGroundOnly: true, effect: "takes something away that may be in use" },
};

/**
 * Why `action` is refused, for a human; null: it is allowed. Where nothing says that the aircraft
 * is on ground, it is not.
 * @param stops what the action stops beside its effect, "" for nothing: on ground only in any case
 * @param ground what the ground input says, for whoever is refused
 */
export function refusal(
  action: Action,
  isOnGround: boolean,
  ground: string,
  stops = "",
): string | null {
  const { onGroundOnly, effect } = RULES[action];
  if (isOnGround || (!onGroundOnly && stops === "")) return null;
  return `refused unless on ground: it ${stops === "" ? effect : stops} (${ground})`;
}
