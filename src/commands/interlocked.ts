/**
 * What `wingman drain`, `resume` and `capacity` ask before they act, as the console does: what
 * would stop? The service manager does not come this way: it sends signals.
 */
import { RuntimeError } from "../command-line/errors.ts";
import { type Change, stopsText, wouldStop } from "../config/foresight.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { refusal } from "../manage/interlock.ts";
import type { RunningDaemon } from "../supervisor/running-daemon.ts";
import { StatusError } from "../supervisor/status-reader.ts";

/**
 * Returns when nothing would stop, or it is confirmed, and on ground where that is needed.
 * @throws RuntimeError that says what would stop, and what is missing
 */
export async function requireAllowed(
  daemon: RunningDaemon,
  change: Change,
  isConfirmed: boolean,
): Promise<void> {
  const stops = await stopsOf(daemon, change);
  if (stops === "") return;
  const isCapacity = typeof change === "object";
  const action = isCapacity ? "capacity" : change;
  if (!isConfirmed) {
    const order = isCapacity ? `capacity ${change.capacity}` : action;
    const where = isCapacity ? "" : ", on ground";
    throw new RuntimeError(
      `${action}: it ${stops}; to carry it out${where}: wingman ${order} --confirm`,
    );
  }
  const { groundInput } = daemon;
  const reason = refusal(action, await isOnGroundNow(groundInput), groundText(groundInput), stops);
  if (reason !== null) throw new RuntimeError(`${action}: ${reason}`);
}

/** "" where nothing stops, and where no state is to be had: whoever is asked then says why. */
async function stopsOf(daemon: RunningDaemon, change: Change): Promise<string> {
  try {
    const ids = wouldStop(daemon.config(), await daemon.status(), change);
    return ids.length === 0 ? "" : stopsText(ids);
  } catch (error) {
    if (error instanceof StatusError) return "";
    throw error;
  }
}
