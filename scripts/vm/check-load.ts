/** A whole executable comes over the network, in lockstep with an emulated processor. */
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { bring } from "./bring-part.ts";
import type { HeadEnds } from "./head-ends.ts";

export async function checkLoad(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  await bring(step, headEnds, await headEnds.flying("a"), headEnds.parts.real);
}
