/**
 * One head-end server as a separate machine: a QEMU that emulates every instruction (`tcg`), with a
 * 16550 as the maintenance console, a hardware watchdog, two network adapters and two disks.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { addressesOf, macOf, type ServerId } from "./aircraft.ts";
import { GuestShell } from "./guest-shell.ts";
import { tapOf } from "./machine-network.ts";
import { Monitor } from "./monitor.ts";

/** Memory of the guest: for the daemon, and an executable of 114 MB that is verified meanwhile. */
const MEMORY_MIB = 640;
/** 53 s were seen while this machine had a load of 20. */
export const BOOT_MS_MAX = 120_000;

/**
 * A machine that waits for this one's processors is late: its session gets priority, where this
 * user may request it (sched(7), autogroup; the shell's is the session that it leads).
 */
const FIRST = [
  ...["sh", "-c"],
  '{ echo -15 > /proc/self/autogroup; renice -n -15 -p $$; } > /dev/null 2>&1; exec "$0" "$@"',
];

/** Files of this run for the start of machines. */
export interface MachineImages {
  readonly kernel: string;
  readonly ramdisk: string;
  readonly root: string;
}

export interface MachineDisk {
  /** Identifies it in the guest. */
  readonly serial: string;
  readonly file: string;
  /** Where every write and flush is recorded; null for nowhere. */
  readonly record: string | null;
}

export interface MachineOrder {
  readonly server: ServerId;
  /** A thread of QEMU emulates each. */
  readonly processors: number;
  readonly images: MachineImages;
  readonly disks: readonly MachineDisk[];
  /** For its sockets and its output. */
  readonly directory: string;
}

export class Machine {
  private constructor(
    readonly server: ServerId,
    /** When QEMU was started, by performance.now(). */
    readonly startedMs: number,
    readonly monitor: Monitor,
    readonly shell: GuestShell,
    /** The other end of the maintenance console: a pseudo-terminal. */
    readonly consoleDevice: string,
    private readonly qemu: Bun.Subprocess,
    private readonly kernelLog: string,
  ) {}

  /** Returns as soon as QEMU runs; the guest's start is still to come. */
  static async start(order: MachineOrder): Promise<Machine> {
    const { server, directory } = order;
    const paths = {
      monitor: join(directory, `${server}.monitor`),
      shell: join(directory, `${server}.shell`),
      kernelLog: join(directory, `${server}.kernel.log`),
    };
    const startedMs = performance.now();
    const qemu = Bun.spawn([...FIRST, "qemu-system-x86_64", ...argumentsOf(order, paths)], {
      stdio: ["ignore", "ignore", Bun.file(join(directory, `${server}.qemu.log`))],
      detached: true,
    });
    try {
      // Both sockets exist before the guest begins: output without a listener is lost.
      const monitor = await Monitor.connect(paths.monitor);
      const shell = await GuestShell.connect(paths.shell);
      const device = await consoleOf(monitor);
      await monitor.execute("cont");
      return new Machine(server, startedMs, monitor, shell, device, qemu, paths.kernelLog);
    } catch (error) {
      const said = readFileSync(join(directory, `${server}.qemu.log`), "utf8").trim();
      qemu.kill("SIGKILL");
      throw new RuntimeError(`QEMU of ${server}: ${said || (error as Error).message}`);
    }
  }

  /** The end of the output of kernel and daemon. */
  get lastWords(): string {
    return readFileSync(this.kernelLog, "utf8").trimEnd().split("\n").slice(-12).join("\n");
  }

  /** Cuts its power. */
  async cut(): Promise<void> {
    await this.#end(() => this.qemu.kill("SIGKILL"));
  }

  /** The same, but QEMU closes its files. */
  async quit(): Promise<void> {
    await this.#end(async () => await this.monitor.execute("quit").catch(() => undefined));
  }

  async #end(act: () => unknown): Promise<void> {
    if (this.qemu.exitCode === null && this.qemu.signalCode === null) await act();
    await this.qemu.exited;
    this.monitor.close();
    this.shell.close();
  }
}

function argumentsOf(
  { server, processors, images, disks }: MachineOrder,
  paths: Record<"monitor" | "shell" | "kernelLog", string>,
): string[] {
  const [first, second] = addressesOf(server);
  const kernelArguments = [
    ...["console=ttyS1", "panic=1", "quiet"],
    ...[`wingman.server=${server}`, `wingman.eth0=${first}`, `wingman.eth1=${second}`],
  ].join(" ");
  const networks = ([0, 1] as const).flatMap((network) => [
    ...["-netdev", `tap,id=n${network},ifname=${tapOf(server, network)},script=no,downscript=no`],
    ...["-device", `virtio-net-pci,netdev=n${network},mac=${macOf(server, network)}`],
  ]);
  return [
    ...["-name", `wingman-${server}`, "-nodefaults", "-no-user-config", "-display", "none", "-S"],
    ...["-machine", "q35", "-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"],
    ...[
      "-smp",
      String(processors),
      "-m",
      String(MEMORY_MIB),
      "-kernel",
      images.kernel,
      "-initrd",
      images.ramdisk,
    ],
    ...["-append", kernelArguments],
    ...["-chardev", "pty,id=console", "-serial", "chardev:console"],
    ...["-chardev", `file,id=kernel,path=${paths.kernelLog}`, "-serial", "chardev:kernel"],
    ...["-device", "virtio-serial-pci"],
    ...["-chardev", `socket,id=shell,path=${paths.shell},server=on,wait=off`],
    ...["-device", "virtconsole,chardev=shell"],
    ...["-qmp", `unix:${paths.monitor},server=on,wait=off`],
    ...["-blockdev", `driver=file,filename=${images.root},node-name=root,read-only=on`],
    ...["-device", "virtio-blk-pci,drive=root,serial=root"],
    ...disks.flatMap(diskArguments),
    ...networks,
    ...["-device", "i6300esb", "-action", "watchdog=reset"],
  ];
}

function diskArguments({ serial, file, record }: MachineDisk): string[] {
  const device = ["-device", `virtio-blk-pci,drive=${serial},serial=${serial}`];
  if (record === null)
    return ["-blockdev", `driver=file,filename=${file},node-name=${serial}`, ...device];
  const [below, log] = [`${serial}-file`, `${serial}-record`];
  return [
    ...["-blockdev", `driver=file,filename=${file},node-name=${below}`],
    ...["-blockdev", `driver=file,filename=${record},node-name=${log}`],
    ...["-blockdev", `driver=blklogwrites,node-name=${serial},file=${below},log=${log}`],
    ...device,
  ];
}

async function consoleOf(monitor: Monitor): Promise<string> {
  const devices = await monitor.execute<{ label: string; filename: string }[]>("query-chardev");
  const found = devices.find(({ label }) => label === "console")?.filename ?? "";
  if (!found.startsWith("pty:"))
    throw new RuntimeError(
      `found the console at ${JSON.stringify(found)}, expected a pseudo-terminal`,
    );
  return found.slice("pty:".length);
}
