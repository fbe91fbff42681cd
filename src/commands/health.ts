/** `wingman health [--json] [--run-dir DIR]`: whether the server on this machine is well. */
import { EXIT_DONE, EXIT_FAILED } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { healthProblems } from "../supervisor/health.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { StatusError } from "../supervisor/status-reader.ts";

/** Exit code 0: it is; 1: it is not, or does not run. @throws UsageError */
export async function health(args: string[]): Promise<number> {
  const { options } = parseOptions("health", args, { json: "flag", "run-dir": "value" });
  const found = await healthProblemsOf(options["run-dir"]);
  const isHealthy = found.length === 0;
  if (options.json) console.log(JSON.stringify({ healthy: isHealthy, reasons: found }, null, 2));
  else if (isHealthy) console.log("healthy");
  else for (const reason of found) console.log(`not healthy: ${reason}`);
  return isHealthy ? EXIT_DONE : EXIT_FAILED;
}

async function healthProblemsOf(runDirectory: string | undefined): Promise<string[]> {
  try {
    return healthProblems(await new RunningDaemon(runDirectory).status());
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return [error.message];
  }
}
