import { EXIT_DONE, EXIT_FAILED, UsageError } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { idOf } from "../io/bpf.ts";
import { EAGAIN, EINTR, errno } from "../io/errno.ts";
import { FilterInterfaces } from "../io/filter-interfaces.ts";
import { FILTER_REPORT_BYTES } from "../io/filter-reports.ts";
import { FilterWatch } from "../io/filter-watch.ts";
import { libc, MSG_NOSIGNAL, SO_RCVTIMEO, SOL_SOCKET } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { attachmentNamed, type Program } from "../io/program-attachment.ts";
import { dieWithParent } from "../io/realtime.ts";
import { PROGRAM_NAMES } from "../io/vip-programs.ts";

/** The VIPs' filter is looked at so often. */
const LOOK_S = 1;

/**
 * `wingman watch --interface NAME --programs tcx|clsact --control-fd N`: looks after the eBPF
 * programs of the VIPs' filter, whose descriptors follow the control socket, and waits for the
 * kernel's lock in the flight loop's place. Started by the engine, and ends with it.
 */
export async function watch(args: string[]): Promise<number> {
  const { options } = parseOptions("watch", args, {
    interface: "value",
    programs: "value",
    "control-fd": "value",
  });
  const { interface: name, programs } = options;
  const fd = wholeNumberOption("watch", "control-fd", options["control-fd"] ?? "", 3, 1023);
  if (name === undefined || programs === undefined)
    throw new UsageError("watch: --interface or --programs is missing; the engine starts it");
  if (!dieWithParent(process.ppid)) return EXIT_FAILED;
  const filter = watchOf(name, programs, fd);
  const word = new NativeMemory(FILTER_REPORT_BYTES);
  word.view.setUint32(0, LOOK_S, true);
  libc.setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, word.address, 16);
  for (;;) {
    filter.look();
    // Nobody says anything: the end of the engine is all that can come.
    const length = libc.recv(fd, word.address, FILTER_REPORT_BYTES, 0);
    const reason = length < 0 ? errno() : 0;
    if (length === 0 || (length < 0 && reason !== EAGAIN && reason !== EINTR)) return EXIT_DONE;
  }
}

function watchOf(interfaceName: string, kind: string, fd: number): FilterWatch {
  const all = PROGRAM_NAMES.map((name, place) => {
    const descriptor = fd + 1 + place;
    return { fd: descriptor, id: idOf(descriptor), name };
  });
  const [clientsIn, clientsOut, othersIn, othersOut] = all as [Program, Program, Program, Program];
  const interfaces = new FilterInterfaces(
    attachmentNamed(kind),
    { ingress: clientsIn, egress: clientsOut },
    { ingress: othersIn, egress: othersOut },
    interfaceName,
    // Of another run it takes nothing away: who starts does that.
    (id) => all.some((program) => program.id === id),
  );
  const report = new NativeMemory(FILTER_REPORT_BYTES);
  return new FilterWatch(interfaces, (code, value) => {
    report.view.setUint32(0, code, true);
    report.view.setUint32(4, value, true);
    libc.send(fd, report.address, 8, MSG_NOSIGNAL);
  });
}
