/**
 * What `wingman drain` and `wingman resume` ask before they act, as the console does: what would
 * stop? The service manager does not come this way: it sends signals.
 */
import { RuntimeError } from "../command-line/errors.ts";
import { stopsText, wouldStop } from "../config/foresight.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { refusal } from "../manage/interlock.ts";
import type { RunningDaemon } from "../supervisor/running-daemon.ts";
import { StatusError } from "../supervisor/status-reader.ts";

/**
 * Returns when nothing would stop, or it is confirmed and on ground.
 * @throws RuntimeError that says what would stop, and what is missing
 */
export async function requireAllowed(
  daemon: RunningDaemon,
  action: "drain" | "resume",
  isConfirmed: boolean,
): Promise<void> {
  const stops = await stopsOf(daemon, action);
  if (stops === "") return;
  if (!isConfirmed) {
    throw new RuntimeError(
      `${action}: it ${stops}; if that is wanted, on ground: wingman ${action} --confirm`,
    );
  }
  const { groundInput } = daemon;
  const reason = refusal(action, await isOnGroundNow(groundInput), groundText(groundInput), stops);
  if (reason !== null) throw new RuntimeError(`${action}: ${reason}`);
}

/** "" where nothing stops, and where no state is to be had: whoever is asked then says why. */
async function stopsOf(daemon: RunningDaemon, action: "drain" | "resume"): Promise<string> {
  try {
    const ids = wouldStop(daemon.config(), await daemon.status(), action);
    return ids.length === 0 ? "" : stopsText(ids);
  } catch (error) {
    if (error instanceof StatusError) return "";
    throw error;
  }
}
