/** `wingman part activate | good | rollback | boot | status`: which of the two slots flies. */
import type { KeyObject } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  ROLLED_BACK_BY_HAND,
  ROLLED_BACK_DAMAGED,
  ROLLED_BACK_STARTS,
  ROLLED_BACK_TEXTS,
  TRIAL_STARTS,
} from "../catalogue/roll-back-reason.ts";
import { EXIT_DONE, RuntimeError } from "../command-line/errors.ts";
import { parseOptions, requireConfig } from "../command-line/options.ts";
import type { AircraftConfig } from "../config/model.ts";
import { groundText, isOnGroundNow } from "../manage/ground-input.ts";
import { PartError } from "../part/verify.ts";
import { SLOT_EXECUTABLE, slotManifest, verifySlot } from "../slots/slot-contents.ts";
import { SLOT_NAMES, type SlotName, SlotStore } from "../slots/slot-store.ts";
import { RUN_DIRECTORY_DEFAULT, RunDirectory } from "../supervisor/run-directory.ts";
import { requireKeys } from "./part-verify.ts";

const OPTIONS = { config: "value", slots: "value", "run-dir": "value" } as const;

/** The file that says whether the server is on ground. */
export function groundInputOf(config: AircraftConfig, runDirectory: string | undefined): string {
  const { groundInput } = config.maintenance;
  return groundInput ?? new RunDirectory(runDirectory ?? RUN_DIRECTORY_DEFAULT).groundInput;
}

/**
 * The installed part is what the next start takes, on trial. On ground only.
 * @throws UsageError, InputFileError, RuntimeError
 */
export async function activate(args: string[]): Promise<number> {
  const { options } = parseOptions("part activate", args, { ...OPTIONS, trust: "value" });
  const { config } = requireConfig(options.config);
  const keys = requireKeys(options.trust, options.config);
  await requireGround("activate", config, options["run-dir"]);
  const store = locked("activate", options.slots ?? config.parts.slots);
  if (store.trial !== null)
    throw new RuntimeError(`part activate: slot ${store.trial.slot} is on trial already`);
  const damage = damageOf(store, store.inactive, keys);
  if (damage !== null) throw new RuntimeError(`part activate: ${damage}`);
  console.log(`slot ${store.activate()} is started next, on trial`);
  return EXIT_DONE;
}

/** For updaters and people: the part on trial is kept. @throws UsageError, RuntimeError */
export async function good(args: string[]): Promise<number> {
  const { options } = parseOptions("part good", args, OPTIONS);
  const slots = options.slots ?? requireConfig(options.config).config.parts.slots;
  const store = locked("good", slots);
  if (store.trial === null) throw new RuntimeError("part good: nothing is on trial");
  store.confirm();
  console.log(`slot ${store.current} is good`);
  return EXIT_DONE;
}

/**
 * The part before is what the next start takes. On ground only. @throws UsageError, RuntimeError
 */
export async function rollback(args: string[]): Promise<number> {
  const { options } = parseOptions("part rollback", args, OPTIONS);
  const { config } = requireConfig(options.config);
  await requireGround("rollback", config, options["run-dir"]);
  const store = locked("rollback", options.slots ?? config.parts.slots);
  console.log(`slot ${store.rollBack(ROLLED_BACK_BY_HAND)} is started next`);
  return EXIT_DONE;
}

/**
 * To be run before each start, by the executable of the read-only root: counts the starts of a part
 * on trial, looks whether the files of the slot are whole, and goes back to the other slot when one
 * of them says so. Prints the executable to be started, and nothing where no part is installed.
 * @throws UsageError, InputFileError, RuntimeError when no slot is whole
 */
export async function boot(args: string[]): Promise<number> {
  const { options } = parseOptions("part boot", args, { ...OPTIONS, trust: "value" });
  const keys = requireKeys(options.trust, options.config);
  const store = new SlotStore(options.slots ?? requireConfig(options.config).config.parts.slots);
  settle(store);
  if (store.current === null) return EXIT_DONE;
  if (!store.countStart()) goBack(store, keys, ROLLED_BACK_STARTS);
  const damage = damageOf(store, store.current, keys);
  if (damage !== null) {
    console.error(`wingman: part boot: ${damage}`);
    goBack(store, keys, ROLLED_BACK_DAMAGED);
  }
  console.log(join(store.path(store.current), SLOT_EXECUTABLE));
  return EXIT_DONE;
}

/** What lies about, and a part that is being installed, keep no server from its start. */
function settle(store: SlotStore): void {
  try {
    if (existsSync(store.directory) && store.lock()) store.settle();
  } catch (error) {
    console.error(`wingman: part boot: ${(error as Error).message}`);
  }
}

/** To the other slot, if that is whole. @throws RuntimeError */
function goBack(store: SlotStore, keys: readonly KeyObject[], reason: number): void {
  const damage = damageOf(store, store.inactive, keys);
  if (damage !== null) throw new RuntimeError(`part boot: no slot is whole: ${damage}`);
  const slot = store.rollBack(reason);
  console.error(`wingman: part boot: back to slot ${slot}: ${ROLLED_BACK_TEXTS[reason]}`);
}

/** What is in each slot, and which one flies. @throws UsageError, InputFileError */
export async function status(args: string[]): Promise<number> {
  const { options } = parseOptions("part status", args, { ...OPTIONS, json: "flag" });
  const store = new SlotStore(options.slots ?? requireConfig(options.config).config.parts.slots);
  const { current, trial } = store;
  const { rolledBack } = store.state;
  const slots = SLOT_NAMES.map((slot) => ({ slot, ...contentOf(store, slot) }));
  if (options.json) {
    const last = rolledBack && { slot: rolledBack.slot, why: ROLLED_BACK_TEXTS[rolledBack.reason] };
    console.log(JSON.stringify({ current, trial, rolledBack: last, slots }, null, 2));
    return EXIT_DONE;
  }
  for (const { slot, partNumber, version, build, problem } of slots) {
    const marks = [
      slot === trial?.slot ? trialText(trial.startsLeft) : slot === current ? "started" : "",
      slot === rolledBack?.slot ? rolledBackText(rolledBack.reason) : "",
    ].filter((mark) => mark !== "");
    const content =
      problem ??
      (partNumber === null ? "empty" : `${partNumber} release ${version} build ${build}`);
    console.log(`slot ${slot}: ${[content, ...marks].join(", ")}`);
  }
  return EXIT_DONE;
}

function trialText(startsLeft: number): string {
  if (startsLeft === TRIAL_STARTS) return "selected for the next start, on trial";
  return `started, on trial, ${startsLeft} ${startsLeft === 1 ? "start" : "starts"} left`;
}

function rolledBackText(reason: number): string {
  const why = ROLLED_BACK_TEXTS[reason];
  return reason === ROLLED_BACK_BY_HAND ? `rolled back ${why}` : `rolled back: ${why}`;
}

function contentOf(
  store: SlotStore,
  slot: SlotName,
): {
  partNumber: string | null;
  version: string | null;
  build: string | null;
  problem: string | null;
} {
  const nothing = { partNumber: null, version: null, build: null, problem: null };
  try {
    const manifest = slotManifest(store.path(slot));
    if (manifest === null) return nothing;
    const { partNumber, version, build } = manifest;
    return { partNumber, version, build, problem: null };
  } catch (error) {
    if (error instanceof PartError) return { ...nothing, problem: error.message };
    throw error;
  }
}

/** The slots, whole, and for this process alone. @throws RuntimeError while a part is installed */
function locked(what: string, directory: string): SlotStore {
  const store = new SlotStore(directory);
  if (!existsSync(directory)) return store;
  if (!store.lock())
    throw new RuntimeError(
      `part ${what}: a part is being installed in the slots: wait for its end`,
    );
  store.settle();
  return store;
}

async function requireGround(
  what: string,
  config: AircraftConfig,
  runDirectory: string | undefined,
): Promise<void> {
  const groundInput = groundInputOf(config, runDirectory);
  if (!(await isOnGroundNow(groundInput)))
    throw new RuntimeError(`part ${what}: on ground only: ${groundText(groundInput)}`);
}

/** What is wrong with the slot's files; null: they are whole. */
function damageOf(store: SlotStore, slot: SlotName, keys: readonly KeyObject[]): string | null {
  try {
    verifySlot(store.path(slot), keys);
    return null;
  } catch (error) {
    if (error instanceof PartError) return `slot ${slot}: ${error.message}`;
    throw error;
  }
}
