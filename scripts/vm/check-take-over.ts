/** Two machines and a seat: the power of the serving one is cut, and returns. */

import { waitFor } from "../../src/rig/condition.ts";
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { LOST_AFTER_PERIODS, PERIOD_MS, SERVICE_VIP, type ServerId } from "./aircraft.ts";
import { type HeadEnds, statusOf } from "./head-ends.ts";
import { BOOT_MS_MAX, type Machine } from "./machine.ts";

const DETECTION_MS = PERIOD_MS * LOST_AFTER_PERIODS;
/** The detection time, plus twice as much for an emulated processor. */
const TAKE_OVER_MS_MAX = 3 * DETECTION_MS;
const POLL_MS = 500;

export async function checkTakeOver(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  await headEnds.switchOff("a");
  headEnds.processors = 1;
  await Promise.all([headEnds.flying("a"), headEnds.flying("b")]);
  await joined(step, headEnds, "both are up");
  const owner = await headEnds.served(BOOT_MS_MAX);
  if (owner !== "a" && owner !== "b") {
    step.check("the service's process", "a or b answers", "no answer", false);
    return;
  }
  const survivor: ServerId = owner === "a" ? "b" : "a";
  const { seat } = headEnds;
  await seat.answer(performance.now(), BOOT_MS_MAX);
  const cutMs = performance.now();
  await headEnds.cut(owner);
  step.did(`cut the power of ${owner}, which serves ${SERVICE_VIP} (SIGKILL of its QEMU)`);
  const againMs = await seat.answer(cutMs + PERIOD_MS, BOOT_MS_MAX);
  const gapMs = seat.longestGapMs(cutMs - DETECTION_MS);
  step.check(
    ...([
      "take-over as the seat sees it",
      `at most ${TAKE_OVER_MS_MAX} ms at ${PERIOD_MS} ms × ${LOST_AFTER_PERIODS}`,
    ] as const),
    againMs === null ? "no answer any more" : `${gapMs.toFixed(0)} ms between answers`,
    againMs !== null && gapMs > 0 && gapMs <= TAKE_OVER_MS_MAX,
  );
  let server: string | null = null;
  const isTaken = await waitFor(BOOT_MS_MAX, async () => {
    server = await headEnds.served(POLL_MS);
    return server === survivor;
  });
  step.check("the function's process answers", survivor, server ?? "no answer", isTaken);

  const backMs = performance.now();
  await headEnds.flying(owner);
  step.did(`gave ${owner} its power back, with the disk as it was left`);
  await joined(step, headEnds, `${owner} is back`);
  const worstMs = seat.longestGapMs(backMs);
  step.check(
    ...(["longest gap at the seat while it came back", `below ${DETECTION_MS} ms`] as const),
    ...([worstMs === 0 ? "none" : `${worstMs.toFixed(0)} ms`, worstMs < DETECTION_MS] as const),
  );
  const after = await headEnds.served(BOOT_MS_MAX);
  step.check("the function stays where it is", survivor, after ?? "no answer", after === survivor);
}

/** Each sees the other one alive, and every function runs. */
async function joined(step: ProcedureStep, headEnds: HeadEnds, what: string): Promise<void> {
  const beganMs = performance.now();
  const seen = new Map<ServerId, string>();
  const isJoined = async (server: ServerId, machine: Machine): Promise<boolean> => {
    const status = await statusOf(machine);
    if (status === null) return false;
    const states = status.servers.map(({ id, state }) => `${id} ${state}`).join(", ");
    seen.set(server, `${server} sees ${states}`);
    return (
      status.servers.every(({ state }) => state === "self" || state === "alive") &&
      status.functions.every(({ state }) => state === "running")
    );
  };
  const passed = await waitFor(BOOT_MS_MAX, async () => {
    await Bun.sleep(POLL_MS);
    for (const server of ["a", "b"] as const) {
      const machine = headEnds.running(server);
      if (machine === undefined || !(await isJoined(server, machine))) return false;
    }
    return true;
  });
  step.check(
    ...([what, "each sees the other alive, all functions run"] as const),
    `${[...seen.values()].join("; ")}, after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`,
    passed,
  );
}
