import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { RequestError } from "../supervisor/control-request.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { CONTROL_RESUME } from "../wire/control.ts";
import { requireAllowed } from "./interlocked.ts";

/**
 * `wingman resume [--confirm] [--run-dir DIR]`: ends `drain`, and lets functions that failed here
 * be tried again.
 *
 * Exit code 1 when no daemon runs or it refuses.
 */
export async function resume(args: string[]): Promise<number> {
  const { options } = parseOptions("resume", args, { confirm: "flag", "run-dir": "value" });
  const daemon = new RunningDaemon(options["run-dir"]);
  try {
    await requireAllowed(daemon, "resume", options.confirm);
    await daemon.request(CONTROL_RESUME);
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof RequestError) throw new RuntimeError(`resume: ${error.message}`);
    throw error;
  }
}
