import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { RequestError } from "../supervisor/control-request.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { CONTROL_RESUME } from "../wire/control.ts";

/**
 * `wingman resume [--run-dir DIR]`: ends `drain`, and lets functions that failed here be tried
 * again.
 *
 * Exit code 1 when no daemon runs or it refuses.
 */
export async function resume(args: string[]): Promise<number> {
  const { options } = parseOptions("resume", args, { "run-dir": "value" });
  try {
    await new RunningDaemon(options["run-dir"]).request(CONTROL_RESUME);
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof RequestError) throw new RuntimeError(`resume: ${error.message}`);
    throw error;
  }
}
