/**
 * A command that interrupts service first shows its effect; the same with `confirm` carries it out.
 */
import { quoted } from "../../config/problem.ts";
import { MaintenanceError } from "../maintenance.ts";

export const CONFIRM = "confirm";

export function requireNoMore(args: readonly string[], command: string): void {
  const [extra] = args;
  if (extra !== undefined)
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(extra)} after ${command}, expected no more`,
    );
}

export function confirmation(args: readonly string[], command: string): boolean {
  const [word, ...more] = args;
  if (word === undefined) return false;
  if (word.toLowerCase() !== CONFIRM) {
    throw new MaintenanceError(
      "SYNTAX",
      `found ${quoted(word)} after ${command}, expected ${CONFIRM} or nothing`,
    );
  }
  requireNoMore(more, `${command} ${CONFIRM}`);
  return true;
}

export function unconfirmed(consequence: string, command: string): MaintenanceError {
  return new MaintenanceError("CONFIRM", `${consequence}; to carry it out: ${command} ${CONFIRM}`);
}
