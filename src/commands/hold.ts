import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { quoted } from "../config/problem.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { CONTROL_HOLD } from "../wire/control.ts";
import { askAndWait, reportingErrors, requestInFile } from "./input-command.ts";

/**
 * `wingman hold [on|off] [--run-dir DIR]`: nothing that runs, here or elsewhere, is moved without
 * need, until `off`; without an argument it tells. In the air as on ground.
 *
 * Returns when it counts. Exit code 1 when no daemon runs, it refuses, or it does not count.
 */
export async function hold(args: string[]): Promise<number> {
  const { options, operands } = parseOptions("hold", args, { "run-dir": "value" }, 1);
  const [word] = operands;
  if (word !== undefined && word !== "on" && word !== "off")
    throw new UsageError(`hold: found ${quoted(word)}, expected on or off`);
  const daemon = new RunningDaemon(options["run-dir"]);
  return reportingErrors("hold", async () => {
    const file = daemon.inputFiles.hold;
    const isByFile = (await requestInFile(file, 1, 0)) === 1;
    if (word !== undefined) {
      const counts = word === "on" || isByFile;
      const argument = word === "on" ? 1 : 0;
      await askAndWait(daemon, CONTROL_HOLD, argument, ({ holds }) => holds === counts);
    }
    const { servers, held } = await daemon.status();
    const holders = servers.filter(({ holds }) => holds).map(({ id }) => id);
    const because = isByFile ? ` (${file} says 1)` : "";
    process.stdout.write(
      held
        ? `running functions are held by ${holders.join(", ")}${because}\n`
        : "nothing is held\n",
    );
    return EXIT_DONE;
  });
}
