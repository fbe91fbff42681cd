/** The checks in their order; each can be chosen by its name. */
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { checkBoot } from "./check-boot.ts";
import { checkConsole } from "./check-console.ts";
import { checkPowerCuts } from "./check-power-cuts.ts";
import { checkTakeOver } from "./check-take-over.ts";
import { checkWatchdog } from "./check-watchdog.ts";
import type { HeadEnds } from "./head-ends.ts";

export interface VmCheck {
  readonly name: string;
  readonly title: string;
  run(step: ProcedureStep, headEnds: HeadEnds): Promise<void>;
}

/**
 * Power cuts come when a's recorded disk has seen all of the others, and end the record; who is
 * switched on afterwards goes on with the same disk.
 */
export const CHECKS: readonly VmCheck[] = [
  { name: "boot", title: "Boot to service", run: checkBoot },
  { name: "console", title: "Maintenance console over a UART", run: checkConsole },
  { name: "watchdog", title: "Reset by the hardware watchdog", run: checkWatchdog },
  // Place for the slots: "a part is loaded, activated, rebooted into, healthy" and "an unhealthy
  // part is rolled back". The guest's head-end.sh starts slots/current of the state disk, which
  // needs STATE_MIB (head-ends.ts) with room for two executables by then.
  { name: "power-cuts", title: "Power cuts over the writes of the log", run: checkPowerCuts },
  // Place for "power cuts over install and activate": power-cuts.ts replays any disk record.
  { name: "take-over", title: "Power cut of one of two servers", run: checkTakeOver },
];
