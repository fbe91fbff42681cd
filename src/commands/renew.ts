import { readFileSync } from "node:fs";
import { EXIT_DONE, EXIT_FAILED, InputFileError, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { parseConfig } from "../config/load.ts";
import type { AircraftConfig } from "../config/model.ts";
import { idOf } from "../io/bpf.ts";
import { EAGAIN, errno } from "../io/errno.ts";
import { FilterInterfaces } from "../io/filter-interfaces.ts";
import { FilterWatch } from "../io/filter-watch.ts";
import { libc, MSG_NOSIGNAL, SO_RCVTIMEO, SOL_SOCKET } from "../io/libc.ts";
import { nowUs } from "../io/monotonic-clock.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { attachmentNamed, type Program } from "../io/program-attachment.ts";
import { becomeRealtime, dieWithParent, lockMemory } from "../io/realtime.ts";
import { RENEWAL_REPORT_BYTES, RENEWAL_REQUEST_BYTES_MAX } from "../io/renewal-process.ts";
import { PROGRAM_NAMES } from "../io/vip-programs.ts";
import { VipSwitcher } from "../io/vip-switcher.ts";
import { addressLifetimeS } from "../upkeep/address-renewal.ts";

/** Below the flight loop: neither waits for the other. */
const REALTIME_PRIORITY = 49;

/** The VIPs' filter is looked at so often. */
const LOOK_US = 1_000_000;

/** The programs of the VIPs' filter come after the control socket. */
const FIRST_PROGRAM = 1;

/**
 * `wingman renew --config FILE --control-fd N [--programs tcx|clsact]`: renews the VIPs that the
 * flight loop names, and waits for the kernel in its place; and looks after the eBPF programs of
 * the VIPs' filter, whose descriptors it has. Started by the engine, and ends with it.
 */
export async function renew(args: string[]): Promise<number> {
  const { options } = parseOptions("renew", args, {
    config: "value",
    "control-fd": "value",
    programs: "value",
  });
  const fd = wholeNumberOption("renew", "control-fd", options["control-fd"] ?? "", 3, 1023);
  const file = options.config;
  if (file === undefined)
    throw new UsageError("renew: --config is missing; renew is started by the engine");
  if (!dieWithParent(process.ppid)) return EXIT_FAILED;
  const result = parseConfig(readFileSync(file, "utf8"), file, "/");
  if (!result.ok) throw new InputFileError(result);
  const switcher = switcherOf(result.config);
  const request = new NativeMemory(RENEWAL_REQUEST_BYTES_MAX);
  const watch =
    options.programs === undefined
      ? null
      : watchOf(result.config.clients.interface, options.programs, fd);
  lockMemory();
  becomeRealtime(REALTIME_PRIORITY);
  for (;;) {
    // The first one says that it is there.
    if (libc.send(fd, request.address, 1, MSG_NOSIGNAL) < 0) return EXIT_DONE;
    const length = receive(fd, request, watch);
    if (length <= 0) return EXIT_DONE; // the engine is gone
    const count = request.view.getUint16(0, true);
    for (let at = 0; at < count; at++) switcher.renew(request.view.getUint16(2 + 2 * at, true));
    switcher.restoreRoutes(); // the interface may have been made anew; of routes it has none
    switcher.commitRenewals();
  }
}

/** The next request; meanwhile the filter is looked at. @returns its length, 0 or less: the end */
function receive(fd: number, request: NativeMemory, watch: FilterWatch | null): number {
  for (;;) {
    if (watch !== null && nowUs() - lookedUs >= LOOK_US) {
      watch.look();
      lookedUs = nowUs();
    }
    const length = libc.recv(fd, request.address, RENEWAL_REQUEST_BYTES_MAX, 0);
    if (length >= 0 || errno() !== EAGAIN) return length;
  }
}

let lookedUs = 0;

function watchOf(interfaceName: string, kind: string, fd: number): FilterWatch {
  const timeout = new NativeMemory(16);
  timeout.view.setUint32(0, LOOK_US / 1_000_000, true);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, timeout.address, 16);
  const all = PROGRAM_NAMES.map((name, place) => {
    const descriptor = fd + FIRST_PROGRAM + place;
    return { fd: descriptor, id: idOf(descriptor), name };
  });
  const [clientsIn, clientsOut, othersIn, othersOut] = all as [Program, Program, Program, Program];
  const interfaces = new FilterInterfaces(
    attachmentNamed(kind),
    { ingress: clientsIn, egress: clientsOut },
    { ingress: othersIn, egress: othersOut },
    interfaceName,
    // It takes nothing away but from interfaces that now belong to a bridge.
    (id) => all.some((program) => program.id === id),
  );
  const report = new NativeMemory(RENEWAL_REPORT_BYTES);
  return new FilterWatch(interfaces, (code, value) => {
    report.view.setUint32(0, code, true);
    report.view.setUint32(4, value, true);
    libc.send(fd, report.address, RENEWAL_REPORT_BYTES, MSG_NOSIGNAL);
  });
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
