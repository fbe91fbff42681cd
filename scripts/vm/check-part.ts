/** A part with the built executable is installed, started, found healthy, and kept. */
import { LOG_PART_GOOD } from "../../src/catalogue/supervisor-code.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SLOTS } from "./aircraft.ts";
import { countRecords, recordName } from "./guest-records.ts";
import { activate, flyingExecutable, install, restart, slotsOf, trialOver } from "./guest-slots.ts";
import type { HeadEnds } from "./head-ends.ts";

/** The configuration's limit of a trial. */
const TRIAL_MS_MAX = 120_000;

export async function checkPart(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const { real } = headEnds.parts;
  const installedMs = performance.now();
  const said = await install(machine, real.partNumber);
  const installS = ((performance.now() - installedMs) / 1000).toFixed(1);
  step.did(`wingman part install, ${installS} s: ${said}`);
  const { slots, current: before } = await slotsOf(machine);
  const slot = slots.find(({ partNumber }) => partNumber === real.partNumber)?.slot ?? "none";
  const inactive = before === "a" ? "b" : "a";
  step.check("verified, and in the inactive slot", inactive, slot, slot === inactive);
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
