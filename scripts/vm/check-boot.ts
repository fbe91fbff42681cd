/** From power-on to service, as seen from outside. */
import type { ProcedureStep } from "../../src/rig/procedure-step.ts";
import { PLAIN_VIP, SERVICE_PORT, SERVICE_VIP } from "./aircraft.ts";
import type { HeadEnds } from "./head-ends.ts";
import { KeepAliveWatch } from "./keep-alive-watch.ts";
import { BOOT_MS_MAX } from "./machine.ts";
import { Seat } from "./seat.ts";

const WITHIN = `within ${BOOT_MS_MAX / 1000} s`;

export async function checkBoot(step: ProcedureStep, headEnds: HeadEnds): Promise<void> {
  const watches = ([0, 1] as const).map((network) => new KeepAliveWatch("a", network));
  const plain = new Seat(PLAIN_VIP);
  try {
    const machine = await headEnds.switchOn("a");
    step.did("switched server a on: kernel, read-only root, empty state disk");
    const since = (atMs: number | null): string =>
      atMs === null ? "none" : `after ${((atMs - machine.startedMs) / 1000).toFixed(1)} s`;
    for (const [network, watch] of watches.entries()) {
      const atMs = await watch.next(BOOT_MS_MAX);
      step.check(`first keep-alive on tap ${network + 1}`, WITHIN, since(atMs), atMs !== null);
    }
    for (const [vip, seat] of [
      [SERVICE_VIP, headEnds.seat] as const,
      [PLAIN_VIP, plain] as const,
    ]) {
      const atMs = await seat.answer(machine.startedMs, BOOT_MS_MAX);
      step.check(`VIP ${vip} answers the seat's echo`, WITHIN, since(atMs), atMs !== null);
    }
    const server = await headEnds.served(BOOT_MS_MAX);
    step.check(
      ...[`the function's process at ${SERVICE_VIP}, TCP port ${SERVICE_PORT}`, "a"],
      ...[server ?? "no answer", server === "a"],
    );
    await headEnds.awaitActive(machine);
  } finally {
    plain.close();
    for (const watch of watches) watch.close();
  }
}
