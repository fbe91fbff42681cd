/**
 * A part from outside: a loader on the ground delivers it, the machine verifies and installs it.
 */
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { GroundLoader } from "./ground-loader.ts";
import { slotsOf, slotsText } from "./guest-slots.ts";
import type { HeadEnds } from "./head-ends.ts";
import type { Machine } from "./machine.ts";
import type { MadePart } from "./part-media.ts";

/** Loads by 615A into the inactive slot; returns whether it is there. */
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
