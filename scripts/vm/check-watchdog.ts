/** The flight loop is stopped, and the hardware watchdog resets the machine. */

import { LOG_WATCHDOG_RESET } from "../../src/boundary/maintenance-code.ts";
import { RuntimeError } from "../../src/command-line/errors.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { SERVICE_VIP, WATCHDOG_S } from "./aircraft.ts";
import { recordName, records, type Told } from "./guest-records.ts";
import { type HeadEnds, statusOf } from "./head-ends.ts";
import { KeepAliveWatch } from "./keep-alive-watch.ts";
import { BOOT_MS_MAX, type Machine } from "./machine.ts";

/** Clocks of guest and host differ while the guest waits for a processor. */
const RESET_S_MAX = 3 * WATCHDOG_S;
const RESTART_MS_MAX = 60_000;

export async function checkWatchdog(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const machine = await headEnds.flying("a");
  const before = (await records(machine)).filter(isReset).length;
  const watch = new KeepAliveWatch("a", 0);
  try {
    const stoppedMs = performance.now();
    await machine.shell.run(`kill -STOP ${await enginePid(machine)}`);
    step.did("stopped the flight loop of a (SIGSTOP)");
    const resetMs = await machine.monitor.event("RESET", stoppedMs, RESET_S_MAX * 1000);
    step.check(
      ...([
        "the watchdog resets the machine",
        `within ${RESET_S_MAX} s, time-out ${WATCHDOG_S} s`,
      ] as const),
      ...([`after ${seconds(resetMs - stoppedMs)}`, true] as const),
    );
    watch.clear();
    const heardMs = await watch.next(BOOT_MS_MAX);
    step.check(
      ...(["keep-alives again", `within ${BOOT_MS_MAX / 1000} s of the reset`] as const),
      ...([
        heardMs === null ? "none" : `after ${seconds(heardMs - resetMs)}`,
        heardMs !== null,
      ] as const),
    );
    const answeredMs = await headEnds.seat.answer(resetMs, BOOT_MS_MAX);
    step.check(
      ...([
        `VIP ${SERVICE_VIP} answers again`,
        `within ${BOOT_MS_MAX / 1000} s of the reset`,
      ] as const),
      answeredMs === null ? "no answer" : `after ${seconds(answeredMs - resetMs)}`,
      answeredMs !== null,
    );
    await headEnds.awaitActive(machine);
    await toldOnce(step, machine, before, watch);
  } finally {
    watch.close();
  }
}

/** The log records the reason, and a restarted engine does not record it again. */
async function toldOnce(
  step: ProcedureStep,
  machine: Machine,
  before: number,
  watch: KeepAliveWatch,
): Promise<void> {
  await machine.shell.run(`kill -KILL ${await enginePid(machine)}`);
  watch.clear();
  // Meanwhile no command: it would take emulated processors from the starting engine, for which
  // the watchdog waits.
  const flying = await watch.next(RESTART_MS_MAX);
  if (flying === null) throw new RuntimeError("no keep-alive after its engine was killed");
  step.did("killed its engine after the start, so that another one opened the device");
  const all = await records(machine);
  const told = all.filter(isReset);
  const powerOn = Math.max(...all.map((record) => record.powerOn));
  const here = told.filter((record) => record.powerOn === powerOn).length;
  step.check(
    ...([`log: ${recordName(LOG_WATCHDOG_RESET)}`, `once, in power-on ${powerOn}`] as const),
    `${here} in power-on ${powerOn}, ${told.length - before} since the check began`,
    here === 1 && told.length === before + 1,
  );
}

const isReset = ({ code }: Told): boolean => code === LOG_WATCHDOG_RESET;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

async function enginePid(machine: Machine): Promise<number> {
  const status = await statusOf(machine);
  if (status === null) throw new RuntimeError(`${machine.server} does not say how it is`);
  return status.enginePid;
}
