import { readFileSync } from "node:fs";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { AddressLock } from "../io/address-lock.ts";
import { libc, MSG_NOSIGNAL } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { becomeRealtimeWithThreads, dieWithParent, lockMemory } from "../io/realtime.ts";
import { RENEWAL_REQUEST_BYTES_MAX } from "../io/renewal-process.ts";
import { VipSwitcher } from "../io/vip-switcher.ts";
import { addressLifetimeS } from "../upkeep/address-renewal.ts";

/** Below the flight loop: neither waits for the other. */
const REALTIME_PRIORITY = 49;

/**
 * `wingman renew --config FILE --control-fd N`: renews the VIPs that the flight loop names, and
 * waits for the kernel in its place. Started by the engine, and ends with it.
 */
export async function renew(args: string[]): Promise<number> {
  const { options } = parseOptions("renew", args, { config: "value", "control-fd": "value" });
  const fd = wholeNumberOption("renew", "control-fd", options["control-fd"] ?? "", 3, 1023);
  const file = options.config;
  if (file === undefined)
    throw new UsageError("renew: --config is missing; renew is started by the engine");
  if (!dieWithParent(process.ppid)) return EXIT_FAILED;
  const result = parseConfig(readFileSync(file, "utf8"), file, "/");
  if (!result.ok) throw new InputFileError(result);
  const switcher = switcherOf(result.config);
  const lock = new AddressLock();
  const request = new NativeMemory(RENEWAL_REQUEST_BYTES_MAX);
  lockMemory();
  becomeRealtimeWithThreads(REALTIME_PRIORITY);
  for (;;) {
    // The first one says that it is there.
    if (libc.send(fd, request.address, 1, MSG_NOSIGNAL) < 0) return EXIT_DONE;
    const length = libc.recv(fd, request.address, RENEWAL_REQUEST_BYTES_MAX, 0);
    if (length <= 0) return EXIT_DONE; // the engine is gone
    const count = request.view.getUint16(0, true);
    if (count === 0) {
      lock.await();
      continue;
    }
    for (let at = 0; at < count; at++) switcher.renew(request.view.getUint16(2 + 2 * at, true));
    switcher.restoreRoutes(); // the interface may have been made anew; of routes it has none
    switcher.commitRenewals();
  }
}

/** Of the VIPs in the engine's order, with the engine's lifetime. */
function switcherOf({ clients, keepAlive, functions }: AircraftConfig): VipSwitcher {
  const vips = functions.map((entry) => entry.vips);
  const ipv6Count = vips.flat().filter(({ family }) => family === 6).length;
  const detectionMs = keepAlive.periodMs * keepAlive.lostAfterPeriods;
  const switcher = new VipSwitcher(
    clients.interface,
    vips,
    addressLifetimeS(detectionMs, ipv6Count),
  );
  switcher.rehearse();
  return switcher;
}
