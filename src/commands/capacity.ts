import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { quoted } from "../config/problem.ts";
import { CAPACITY_MAX } from "../limits.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { CONTROL_CAPACITY } from "../wire/control.ts";
import { askAndWait, ownServerStatus, reportingErrors, requestInFile } from "./input-command.ts";
import { requireAllowed } from "./interlocked.ts";

/**
 * `wingman capacity [PERCENT] [--confirm] [--run-dir DIR]`: the server is to give so many per cent
 * of its resource, in the air as on ground; without a number it tells what it gives. What would
 * stop a function is done with `--confirm`.
 *
 * Returns when it counts. Exit code 1 when no daemon runs, it refuses, or it does not count.
 */
export async function capacity(args: string[]): Promise<number> {
  const { options, operands } = parseOptions(
    "capacity",
    args,
    { confirm: "flag", "run-dir": "value" },
    1,
  );
  const percent = percentOf(operands[0]);
  const daemon = new RunningDaemon(options["run-dir"]);
  return reportingErrors("capacity", async () => {
    const file = daemon.inputFiles.capacity;
    const byFile = await requestInFile(file, CAPACITY_MAX, CAPACITY_MAX);
    if (percent !== null) {
      const counts = Math.min(percent, byFile);
      await requireAllowed(daemon, { capacity: counts }, options.confirm);
      await askAndWait(daemon, CONTROL_CAPACITY, percent, (own) => own.capacity === counts);
    }
    const { id, capacity: gives, resource } = await ownServerStatus(daemon);
    const units = Math.floor((resource * gives) / 100);
    const because = byFile === gives && gives < CAPACITY_MAX ? `, set by ${file}` : "";
    process.stdout.write(
      `${id} gives ${gives} per cent of its resource, ${units} of ${resource}${because}\n`,
    );
    return EXIT_DONE;
  });
}

/** null: none is given. */
function percentOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (/^\d{1,3}$/.test(text) && Number(text) <= CAPACITY_MAX) return Number(text);
  throw new UsageError(`capacity: found ${quoted(text)}, expected a whole number from 0 to 100`);
}
