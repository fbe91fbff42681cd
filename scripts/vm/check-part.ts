/** A part comes from a loader over the network, is started, found healthy, and kept. */
import { LOG_PART_GOOD } from "../../src/catalogue/upkeep-code.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SLOTS } from "./aircraft.ts";
import { GroundLoader } from "./ground-loader.ts";
import { countRecords, recordName } from "./guest-records.ts";
import {
  activate,
  flyingExecutable,
  restart,
  slotsOf,
  slotsText,
  trialOver,
} from "./guest-slots.ts";
import type { HeadEnds } from "./head-ends.ts";
import type { Machine } from "./machine.ts";
import type { MadePart } from "./part-media.ts";

/** The configuration's limit of a trial. */
const TRIAL_MS_MAX = 120_000;

export async function checkPart(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const { real } = headEnds.parts;
  if (!(await bring(step, headEnds, machine, real))) return;
  const { slots } = await slotsOf(machine);
  const slot = slots.find(({ partNumber }) => partNumber === real.partNumber)?.slot ?? "none";
  step.did(`wingman part activate: ${await activate(machine)}`);
  const beganMs = performance.now();
  await restart(headEnds, machine);
  step.did("pressed the reset button of a");
  const executable = await flyingExecutable(machine);
  const expected = `${SLOTS}/${slot}/wingman`;
  const tookS = ((performance.now() - beganMs) / 1000).toFixed(1);
  step.check(
    ...(["the engine runs from", expected] as const),
    ...([`${executable}, active after ${tookS} s`, executable === expected] as const),
  );
  const { current, trial } = await trialOver(machine, TRIAL_MS_MAX);
  step.check(
    ...(["it is kept", `slot ${slot}, not on trial`] as const),
    `slot ${current}, ${trial === null ? "not on trial" : `${trial.startsLeft} starts left`}`,
    current === slot && trial === null,
  );
  const health = await machine.shell.try("wingman health");
  step.check("wingman health", "healthy", health.text.trim(), health.exitCode === 0);
  const told = await countRecords(machine, LOG_PART_GOOD, 1);
  step.check(`log: ${recordName(LOG_PART_GOOD)}`, "once", `${told} times`, told === 1);
}

/** By 615A into the inactive slot; whether it is there. */
export async function bring(
  step: ProcedureStep,
  headEnds: HeadEnds,
  machine: Machine,
  part: MadePart,
): Promise<boolean> {
  const { server } = machine;
  const loader = new GroundLoader(headEnds.file("loader"), server);
  try {
    const before = await slotsOf(machine);
    await loader.start();
    const { completed, said, bytes, tookMs } = await loader.load(part);
    const size = `${bytes.toLocaleString("en-US")} bytes`;
    step.check(
      ...([`${part.partNumber} loaded from outside (615A)`, "completed"] as const),
      ...([`${said}; ${size} in ${(tookMs / 1000).toFixed(1)} s`, completed] as const),
    );
    const after = await slotsOf(machine);
    const inactive = before.current === "a" ? "b" : "a";
    const found = after.slots.find(({ slot }) => slot === inactive)?.partNumber;
    const isThere = found === part.partNumber && after.current === before.current;
    step.check(
      ...(["verified, and in the inactive slot", `${inactive}: ${part.partNumber}`] as const),
      ...([`${slotsText(after)}, started is ${after.current ?? "the root's"}`, isThere] as const),
    );
    return completed && isThere;
  } finally {
    await loader.close();
  }
}
