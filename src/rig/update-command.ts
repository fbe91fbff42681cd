/**
 * `wingman-rig update`: a rolling update of a virtual aircraft from one loadable part to another.
 */
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

const UPDATE_HELP = `wingman-rig update: rolling update of a virtual aircraft

  wingman-rig update --from DIR --to DIR --trust FILE [--config FILE] [--json]
      --from DIR      loadable part that every server flies first
      --to DIR        loadable part of another build, with the same table, that every server gets; to try the update
                      itself, run 'npm run package' on two commits
      --trust FILE    public key of both parts
      --config FILE   configuration of the aircraft, with the parts' system; default: the configuration in --from
      --json          prints only one document, at the end

Each server flies from its own slots. One after another is drained, gets the part (part install, part activate), is stopped,
started from slots/current (part boot first), keeps the part after its trial, and is resumed, while two seats call every
VIP: no gap above 50 ms, no VIP answered by two servers. A server that does not come back ends the update. When all fly the
new part, the first one is rolled back to the previous one (part rollback) and flies beside the others.

Has the requirements of wingman-rig, and needs room for three copies of a part per server in TMPDIR. Exit code 0: every step
passed; 1: a step failed, a part is wrong, or the rig could not run; 2: the command line or a file is wrong.`;

/** Returns the exit code. @throws UsageError, InputFileError, RuntimeError */
export async function updateCommand(args: readonly string[]): Promise<number> {
  const { options } = parseOptions("update", args, OPTIONS);
  if (options.help) {
    console.log(UPDATE_HELP);
    return EXIT_DONE;
  }
  const from = required(
    "update",
    "from",
    options.from,
    "the directory of the part that flies first",
  );
  const to = required(
    "update",
    "to",
    options.to,
    "the directory of the part that it is updated to",
  );
  const trust = required(
    "update",
    "trust",
    options.trust,
    "the file of the public key of both parts",
  );
  const update = new Update("update", from, to, trust);
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
      return { config, source, wingman, update: update.order(null), lastStep };
    },
  );
}

/** @throws UsageError without a value */
export function required(
  command: string,
  name: string,
  value: string | undefined,
  expected: string,
): string {
  if (value !== undefined) return value;
  throw new UsageError(`${command}: --${name} is missing, expected ${expected}`);
}
