/** `wingman part install DIR`: a loadable part into the inactive slot. */
import { EXIT_DONE, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { PartError, verifyPart } from "../part/verify.ts";
import { BUILT_FOR } from "../reporting/build.ts";
import { thisMachine } from "../slots/admissible.ts";
import { installPart, NotInstalledError, requireFreeSlot, requireLock } from "../slots/install.ts";
import { SlotStore } from "../slots/slot-store.ts";
import { groundInputOf } from "./part-slots.ts";
import { requireKeys } from "./part-verify.ts";

const OPTIONS = {
  config: "value",
  trust: "value",
  slots: "value",
  older: "flag",
  "run-dir": "value",
} as const;

/**
 * What flies is not touched: the part is started after `wingman part activate`.
 * @throws UsageError, InputFileError, RuntimeError that says why it is not installed
 */
export async function install(args: string[]): Promise<number> {
  const { options, operands } = parseOptions("part install", args, OPTIONS, 1);
  const [medium] = operands;
  if (medium === undefined) throw new UsageError("part install: expected the directory of a part");
  const { config } = requireConfig(options.config);
  const keys = requireKeys(options.trust, options.config);
  const groundInput = groundInputOf(config, options["run-dir"]);
  if (!(await isOnGroundNow(groundInput)))
    throw new RuntimeError(`part install: on ground only: ${groundText(groundInput)}`);
  const store = new SlotStore(options.slots ?? config.parts.slots);
  store.make();
  try {
    requireLock(store);
    store.settle();
    requireFreeSlot(store);
    const part = verifyPart(medium, keys);
    const machine = thisMachine(config, BUILT_FOR);
    const slot = installPart(store, part, medium, machine, options.older);
    console.log(`installed ${part.partNumber}, release ${part.version}, in slot ${slot}`);
    return EXIT_DONE;
  } catch (error) {
    if (error instanceof PartError || error instanceof NotInstalledError)
      throw new RuntimeError(`part install: ${error.message}`);
    throw error;
  }
}
