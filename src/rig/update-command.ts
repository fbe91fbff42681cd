/** `wingman-rig update`: a rolling update of a virtual aircraft from one loadable part to another. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { EXIT_DONE, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { flyInRig } from "./ground-rig.ts";
import { namespacePrefix } from "./requirements.ts";
import { updateSteps } from "./rolling-update.ts";
import { Update } from "./update-order.ts";

const OPTIONS = {
  from: "value",
  to: "value",
  trust: "value",
  config: "value",
  json: "flag",
  help: "flag",
} as const;

const UPDATE_HELP = `wingman-rig update: a rolling update of a virtual aircraft

  wingman-rig update --from DIR --to DIR --trust FILE [--config FILE] [--json]
      --from DIR      loadable part that every server flies at first
      --to DIR        loadable part of another build that every server gets, with the same table
      --trust FILE    public key that both are signed with
      --config FILE   the aircraft, of the system that the parts are for; default: the configuration in --from
      --json          prints one document, in the end, and nothing else

Each server flies from slots of its own. One after another is drained, gets the part (part install, part activate), is
stopped, started from slots/current (part boot first), kept by its trial, and resumed, while two seats call every VIP: no
gap above 50 ms, no VIP answered by two. A server that does not come back ends the update. When all fly the new part, the
first one goes back to the part before (part rollback) and flies beside the others.

Needs what wingman-rig needs, and room for three copies of a part for each server in TMPDIR. Exit code 0: every step
passed; 1: a step failed, a part is not right, or the rig could not work; 2: the command line or a file is wrong.`;

/** Returns the exit code. @throws UsageError, InputFileError, RuntimeError */
export async function updateCommand(args: readonly string[]): Promise<number> {
  const { options } = parseOptions("update", args, OPTIONS);
  if (options.help) {
    console.log(UPDATE_HELP);
    return EXIT_DONE;
  }
  const from = required("from", options.from, "the directory of the part that flies at first");
  const to = required("to", options.to, "the directory of the part that it is updated to");
  const trust = required("trust", options.trust, "the file of the public key of both parts");
  const update = new Update(from, to, trust);
  const prefix = await namespacePrefix([process.execPath]);
  const { json } = options;
  return await flyInRig(
    { json, once: true, page: undefined, wingman: undefined },
    prefix,
    (rig) => {
      const root = join(rig, "root");
      mkdirSync(root);
      const wingman = update.layRoot(root);
      const { config, source } = update.requireAircraft(options.config, root);
      update.requireRoom(rig, config.servers.length);
      const lastStep = updateSteps(config.servers.length);
      return { config, source, wingman, update: update.order, lastStep };
    },
  );
}

function required(name: string, value: string | undefined, expected: string): string {
  if (value !== undefined) return value;
  throw new UsageError(`update: --${name} is missing, expected ${expected}`);
}
