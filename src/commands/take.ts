/**
 * `wingman take --config FILE --directory DIR --load DIR [--clean]`: takes a load that came over
 * the network into the inactive slot, or clears what was left of one. Started by `manage`, which
 * must not wait for any of it, and ends with it.
 */
import { readFileSync, readSync, rmSync, writeSync } from "node:fs";
import { setPriority } from "node:os";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { parseConfig } from "../config/load.ts";
import { dropCapabilities } from "../io/capabilities.ts";
import { Poller } from "../io/poller.ts";
import { dieWithParent } from "../io/realtime.ts";
import { TAKE_NICE } from "../limits.ts";
import { ACCEPT_LOAD, encodeLoadMessage, type LoadMessage } from "../manage/load-message.ts";
import { BUILT_FOR } from "../reporting/build.ts";
import { thisMachine } from "../slots/admissible.ts";
import { SlotStore } from "../slots/slot-store.ts";
import { type TakeCaller, takeLoad } from "../slots/take-load.ts";

const STDIN = 0;
const STDOUT = 1;

/** @throws UsageError, InputFileError, SystemError */
export async function take(args: string[]): Promise<number> {
  const { options } = parseOptions("take", args, {
    config: "value",
    directory: "value",
    load: "value",
    clean: "flag",
  });
  const { config: file, directory, load } = options;
  if (file === undefined || directory === undefined || load === undefined)
    throw new UsageError("take: expected --config, --directory and --load, as manage gives them");
  if (!dieWithParent(process.ppid)) return EXIT_FAILED;
  dropCapabilities();
  setPriority(TAKE_NICE);
  const result = parseConfig(readFileSync(file, "utf8"), file, directory);
  if (!result.ok) throw new InputFileError(result);
  const { config } = result;
  const store = new SlotStore(config.parts.slots);
  if (options.clean) {
    rmSync(load, { recursive: true, force: true });
    if (store.lock()) store.settle(); // otherwise somebody else is about to
    return EXIT_DONE;
  }
  const verdict = takeLoad(store, load, caller(), {
    trust: config.parts.trust,
    directory,
    machine: thisMachine(config, BUILT_FOR),
  });
  say(verdict);
  return EXIT_DONE;
}

function caller(): TakeCaller {
  const poller = new Poller();
  const slot = poller.add(STDIN);
  return {
    isGone: () => {
      poller.wait(0);
      return poller.isReadable(slot); // nothing is said before it is asked: it is the end
    },
    tell: (doing, percent) => say({ doing, percent }),
    mayTake: () => {
      say({ asks: true });
      const answer = Buffer.alloc(ACCEPT_LOAD.length);
      return readSync(STDIN, answer) > 0 && answer.toString() === ACCEPT_LOAD;
    },
  };
}

function say(message: LoadMessage): void {
  const line = Buffer.from(encodeLoadMessage(message));
  for (let at = 0; at < line.length; ) at += writeSync(STDOUT, line, at);
}
