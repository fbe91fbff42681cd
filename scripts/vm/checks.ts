/** The checks in their order; each can be chosen by its name. */
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { checkBoot } from "./check-boot.ts";
import { checkConsole } from "./check-console.ts";
import { checkInstallCuts } from "./check-install-cuts.ts";
import { checkLoad } from "./check-load.ts";
import { checkPart } from "./check-part.ts";
import { checkPowerCuts } from "./check-power-cuts.ts";
import { checkRollBack } from "./check-roll-back.ts";
import { checkTakeOver } from "./check-take-over.ts";
import { checkWatchdog } from "./check-watchdog.ts";
import type { HeadEnds } from "./head-ends.ts";

export interface VmCheck {
  readonly name: string;
  readonly title: string;
  /** It takes minutes: only done when named. */
  readonly isLong?: true;
  run(step: ProcedureStep, headEnds: HeadEnds): Promise<void>;
}

/**
 * The power cuts come when a's recorded disk has seen the preceding checks, and end the record; a
 * machine switched on afterwards continues with the same disk. The roll-back returns to the part
 * that was kept.
 */
export const CHECKS: readonly VmCheck[] = [
  { name: "boot", title: "Boot to service", run: checkBoot },
  { name: "console", title: "Maintenance console over a UART", run: checkConsole },
  { name: "watchdog", title: "Reset by the hardware watchdog", run: checkWatchdog },
  { name: "power-cuts", title: "Power cuts over the writes of the log", run: checkPowerCuts },
  { name: "part", title: "A part is installed, started and kept", run: checkPart },
  {
    name: "load",
    title: "A part of 114 MB is loaded over the network",
    isLong: true,
    run: checkLoad,
  },
  {
    name: "roll-back",
    title: "A part is loaded that does not start, and gives way",
    run: checkRollBack,
  },
  { name: "install-cuts", title: "Power cuts over install and activate", run: checkInstallCuts },
  { name: "take-over", title: "Power cut of one of two servers", run: checkTakeOver },
];
