/** A part that cannot start is activated: the machine returns to the previous one automatically. */
import { readFileSync } from "node:fs";
import { TRIAL_STARTS } from "../../src/catalogue/roll-back-reason.ts";
import { LOG_PART_ROLLED_BACK } from "../../src/catalogue/supervisor-code.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SLOTS } from "./aircraft.ts";
import { bring } from "./bring-part.ts";
import { countRecords, recordName } from "./guest-records.ts";
import { activate, flyingExecutable, restart, slotsOf } from "./guest-slots.ts";
import type { HeadEnds } from "./head-ends.ts";

export async function checkRollBack(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const { current: before } = await slotsOf(machine);
  if (before === null) {
    step.check("a part to go back to", "check 'part' has left one", "none", false);
    return;
  }
  const { broken } = headEnds.parts;
  if (!(await bring(step, headEnds, machine, broken))) return;
  const slot = before === "a" ? "b" : "a";
  step.did(`wingman part activate: ${await activate(machine)}`);
  const [startsBefore, recordsBefore] = [
    starts(headEnds, slot),
    await countRecords(machine, LOG_PART_ROLLED_BACK, 0),
  ];
  const beganMs = performance.now();
  await restart(headEnds, machine);
  step.did("pressed the reset button of a; the executable of its part breaks off");
  const tookS = ((performance.now() - beganMs) / 1000).toFixed(1);

  const counted = starts(headEnds, slot) - startsBefore;
  step.check(
    ...([`starts of slot ${slot}, as the machine's init made them`, `${TRIAL_STARTS}`] as const),
    ...([`${counted}`, counted === TRIAL_STARTS] as const),
  );
  const executable = await flyingExecutable(machine);
  const expected = `${SLOTS}/${before}/wingman`;
  step.check(
    ...(["the engine runs from", expected] as const),
    ...([`${executable}, active after ${tookS} s`, executable === expected] as const),
  );
  const { current, trial, rolledBack: last } = await slotsOf(machine);
  step.check(
    ...(["wingman part status", `slot ${before} started, slot ${slot} rolled back`] as const),
    `slot ${current} started, ${last === null ? "nothing" : `slot ${last.slot}`} rolled back: ${last?.why}`,
    current === before && trial === null && last?.slot === slot,
  );
  const told =
    (await countRecords(machine, LOG_PART_ROLLED_BACK, recordsBefore + 1)) - recordsBefore;
  step.check(`log: ${recordName(LOG_PART_ROLLED_BACK)}`, "once", `${told} times`, told === 1);
}

/** How often head-end.sh reported the start of this slot. */
function starts(headEnds: HeadEnds, slot: string): number {
  const text = readFileSync(headEnds.file("a.kernel.log"), "latin1");
  return text.split(`starting ${SLOTS}/${slot}/wingman`).length - 1;
}
