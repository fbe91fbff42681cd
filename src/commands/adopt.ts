/**
 * `wingman adopt`: the fleet moves to another table. A part on trial with a table that the others
 * do not hold is kept, although its server takes no part: it serves when the last server with the
 * table before has left.
 */
import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { SlotStore } from "../slots/slot-store.ts";
import { RunningDaemon } from "../supervisor/running-daemon.ts";
import { StatusError } from "../supervisor/status-reader.ts";
import { groundInputOf } from "./part-slots.ts";

/** On ground only. @throws UsageError, InputFileError, RuntimeError */
export async function adopt(args: string[]): Promise<number> {
  const { options } = parseOptions("adopt", args, {
    config: "value",
    slots: "value",
    "run-dir": "value",
  });
  const { config } = requireConfig(options.config);
  const groundInput = groundInputOf(config, options["run-dir"]);
  if (!(await isOnGroundNow(groundInput)))
    throw new RuntimeError(`adopt: on ground only: ${groundText(groundInput)}`);
  const store = new SlotStore(options.slots ?? config.parts.slots);
  if (store.trial === null) throw new RuntimeError("adopt: no part is on trial here");
  const others = await othersWithAnotherTable(options["run-dir"]);
  store.confirm();
  const next =
    others.length === 0
      ? "no other server holds another table"
      : `it takes no part until these have left: ${others.join(", ")}`;
  console.log(`slot ${store.current} is kept: ${next}`);
  return EXIT_DONE;
}

async function othersWithAnotherTable(runDirectory: string | undefined): Promise<string[]> {
  try {
    const { servers } = await new RunningDaemon(runDirectory).status();
    return servers.filter(({ state }) => state === "incompatible").map(({ id }) => id);
  } catch (error) {
    if (error instanceof StatusError) throw new RuntimeError(`adopt: ${error.message}`);
    throw error;
  }
}
