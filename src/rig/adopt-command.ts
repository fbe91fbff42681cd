/** `wingman-rig adopt`: moves a virtual aircraft from the table of one loadable part to another. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EXIT_DONE } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { serializeConfig } from "../config/serialize.ts";
import { rigCommand } from "./executables.ts";
import { flyInRig } from "./ground-rig.ts";
import { namespacePrefix } from "./requirements.ts";
import { rigConfiguration } from "./rig-configuration.ts";
import { moveSteps } from "./table-move.ts";
import { required } from "./update-command.ts";
import { Update } from "./update-order.ts";

const OPTIONS = { from: "value", to: "value", trust: "value", json: "flag", help: "flag" } as const;

const ADOPT_HELP = `wingman-rig adopt: moves a virtual aircraft to another table

  wingman-rig adopt --from DIR --to DIR --trust FILE [--json]
      --from DIR      loadable part that every server flies first, with its configuration
      --to DIR        loadable part with another table: the same servers, and the same functions and VIPs first; everything
                      else may differ, and functions may be added at the end
      --trust FILE    public key of both parts
      --json          prints only one document, at the end

The procedure of 'wingman help adopt': half of the servers, one after another, are drained, get the part, are started, wait,
keep the part by 'wingman adopt', and are resumed. The others get the part while they fly and are stopped one after another:
with the last one functions move. Then these are started, join, and keep the part after their trial. Two seats call every
VIP of --from: no gap above 50 ms for functions that had room all the time (plus the start of the process where a function
starts on activation), no VIP answered by two servers. 'wingman adopt' is also called where it must refuse.

Has the requirements of wingman-rig, and needs room for three copies of a part per server in TMPDIR. Exit code 0: every step
passed; 1: a step failed, a part is wrong, or the rig could not run; 2: the command line or a file is wrong.`;

const OTHER_TABLE_FILE = "other-table.json";

/** Returns the exit code. @throws UsageError, InputFileError, RuntimeError */
export async function adoptCommand(args: readonly string[]): Promise<number> {
  const { options } = parseOptions("adopt", args, OPTIONS);
  if (options.help) {
    console.log(ADOPT_HELP);
    return EXIT_DONE;
  }
  const from = required(
    "adopt",
    "from",
    options.from,
    "the directory of the part that flies first",
  );
  const to = required("adopt", "to", options.to, "the directory of the part with the other table");
  const trust = required(
    "adopt",
    "trust",
    options.trust,
    "the file of the public key of both parts",
  );
  const update = new Update("adopt", from, to, trust);
  const prefix = await namespacePrefix([process.execPath]);
  const { json } = options;
  return await flyInRig(
    { json, once: true, page: undefined, wingman: undefined },
    prefix,
    (rig) => {
      const root = join(rig, "root");
      mkdirSync(root);
      const wingman = update.layRoot(root);
      const tables = update.requireTables(root);
      const { config, source } = tables.from;
      update.requireRoom(rig, config.servers.length);
      const otherTable = join(rig, OTHER_TABLE_FILE);
      writeFileSync(otherTable, serializeConfig(rigConfiguration(tables.to, rigCommand())));
      const lastStep = moveSteps(config.servers.length);
      return { config, source, wingman, update: update.order(otherTable), lastStep };
    },
  );
}
