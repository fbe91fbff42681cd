import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import {
  INCARNATION_MAX,
  reserve as reserveIncarnations,
} from "../supervisor/incarnation-store.ts";

/**
 * `wingman reserve --state-dir DIR --from N --count N`: reserves incarnations in the state
 * directory and prints them. Started by the supervisor, which must not wait for a disk itself.
 */
export async function reserve(args: string[]): Promise<number> {
  const { options } = parseOptions("reserve", args, {
    "state-dir": "value",
    from: "value",
    count: "value",
  });
  const number = (name: "from" | "count"): number =>
    wholeNumberOption("reserve", name, options[name] ?? "", 1, INCARNATION_MAX);
  const directory = options["state-dir"];
  if (directory === undefined)
    throw new UsageError("reserve: --state-dir is missing; reserve is started by 'wingman run'");
  console.log(JSON.stringify(reserveIncarnations(directory, number("from"), number("count"))));
  return EXIT_DONE;
}
