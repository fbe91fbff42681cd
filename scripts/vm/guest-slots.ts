/** The slots of a machine, through `wingman part` in the guest. */
import { waitFor } from "../../src/rig/condition.ts";
import { ROOT_CONFIGURATION } from "./aircraft.ts";
import { MEDIA } from "./guest-images.ts";
import { type HeadEnds, statusOf } from "./head-ends.ts";
import type { Machine } from "./machine.ts";

/** Every byte of 114 MB is read, several times. */
const READ_MS_MAX = 180_000;
const RESET_MS_MAX = 20_000;
const POLL_MS = 500;

/** `wingman part status --json` */
export interface SlotsDocument {
  readonly current: string | null;
  readonly trial: { readonly slot: string; readonly startsLeft: number } | null;
  readonly rolledBack: { readonly slot: string; readonly why: string } | null;
  readonly slots: readonly { readonly slot: string; readonly partNumber: string | null }[];
}

export async function slotsOf(machine: Machine): Promise<SlotsDocument> {
  const text = await machine.shell.run(`wingman part status --config ${ROOT_CONFIGURATION} --json`);
  return JSON.parse(text) as SlotsDocument;
}

/** `a: WNG5E00010001, b: empty` */
export const slotsText = ({ slots }: SlotsDocument): string =>
  slots.map(({ slot, partNumber }) => `${slot}: ${partNumber ?? "empty"}`).join(", ");

/** Installs a part of the read-only root; returns the output. @throws RuntimeError */
export async function install(machine: Machine, partNumber: string): Promise<string> {
  const command = `wingman part install ${MEDIA}/${partNumber} --config ${ROOT_CONFIGURATION}`;
  return (await machine.shell.run(command, READ_MS_MAX)).trim();
}

/** Activates it; returns the output. @throws RuntimeError when it fails */
export async function activate(machine: Machine): Promise<string> {
  const command = `wingman part activate --config ${ROOT_CONFIGURATION}`;
  return (await machine.shell.run(command, READ_MS_MAX)).trim();
}

/** Presses the reset button: nothing is stopped or synchronised. Waits until it flies again. */
export async function restart(headEnds: HeadEnds, machine: Machine): Promise<void> {
  const beganMs = performance.now();
  await machine.monitor.execute("system_reset");
  await machine.monitor.event("RESET", beganMs, RESET_MS_MAX);
  await headEnds.awaitActive(machine);
}

/** The file that the engine runs from. */
export async function flyingExecutable(machine: Machine): Promise<string> {
  const status = await statusOf(machine);
  if (status === null) return "nothing";
  return (await machine.shell.run(`readlink /proc/${status.enginePid}/exe`)).trim();
}

/** Waits until nothing is on trial. */
export async function trialOver(machine: Machine, limitMs: number): Promise<SlotsDocument> {
  let found = await slotsOf(machine);
  await waitFor(limitMs, async () => {
    found = await slotsOf(machine);
    if (found.trial !== null) await Bun.sleep(POLL_MS);
    return found.trial === null;
  });
  return found;
}
