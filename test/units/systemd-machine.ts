/**
 * systemd as process 1 of a separate machine: this machine's file system with all writes discarded,
 * its own devices, the network of a host. It starts only what it is asked to, and changes nothing
 * of the kernel.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../../src/rig/process-table.ts";
import { run } from "../harness/command.ts";
import { isRunning } from "../harness/processes.ts";
import { WINGMAN } from "../harness/real-servers.ts";
import { runEnvironment, runName, scratchDirectory } from "../harness/run-mark.ts";
import { signal } from "../harness/signals.ts";
import { until } from "../harness/until.ts";
import type { Host } from "../harness/virtual-network.ts";

const SYSTEMD = "/lib/systemd/systemd";
export const FIRMWARE_CONFIG = join(import.meta.dir, "../../firmware-config");
/** Devices that programs expect, and one that the unit's user may open (90-wingman.rules). */
const DEVICES = ["null", "zero", "full", "random", "urandom", "tty", "cpu_dma_latency"];

/** In a mount namespace of its own: scratch directory, control group. */
const ENTER = `set -e
mount -t tmpfs -o mode=755 tmpfs "$1"; mkdir "$1/groups"
mount -t cgroup2 cgroup2 "$1/groups"; mkdir -p "$1/groups/$2"; echo $$ > "$1/groups/$2/cgroup.procs"
exec unshare --cgroup --pid --uts --ipc --mount --fork --kill-child /bin/sh -c "$BOOT" sh "$1"`;

/** Scratch directory. Its first serial line is this machine's second: nobody's console. */
const BOOT = `set -e
R=$1/root; mkdir "$1/up" "$1/work" "$R"
mount -t overlay -o "lowerdir=/,upperdir=$1/up,workdir=$1/work" overlay "$R"
mount -t proc proc "$R/proc"; mount --bind "$R/proc/sys" "$R/proc/sys"; mount -o remount,bind,ro "$R/proc/sys"
mount -t sysfs -o ro sysfs "$R/sys"; mount -t cgroup2 cgroup2 "$R/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$R/run"; mount -t tmpfs -o mode=755 tmpfs "$R/dev"
mkdir "$R/dev/pts" "$R/dev/shm" "$R/run/systemd"; mount -t devpts -o newinstance,ptmxmode=666 devpts "$R/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$R/dev/shm"; ln -s pts/ptmx "$R/dev/ptmx"
for device in ${DEVICES.join(" ")}; do
  [ -c /dev/$device ] && mknod -m 666 "$R/dev/$device" c $(stat -c '0x%t 0x%T' /dev/$device)
done
rm -rf "$R/etc/fstab" "$R/etc/systemd/system" "$R/usr/lib/systemd/system-generators" "$R/run/wingman" "$R/var/lib/wingman"
find "$R/usr/lib/systemd/system" -path '*.wants/*' ! -name 'systemd-journald*' -delete
mkdir -p "$R/etc/systemd/system/wingman@.service.d" "$R/usr/lib/sysusers.d" "$R/etc/wingman"
printf '[Unit]\\nDefaultDependencies=no\\n' > "$R/etc/systemd/system/idle.target"
cp "$FIRMWARE/wingman@.service" "$R/etc/systemd/system/"
cp "$FIRMWARE/wingman.sysusers" "$R/usr/lib/sysusers.d/wingman.conf"; systemd-sysusers --root="$R" wingman.conf
chroot "$R" chown root:wingman /dev/cpu_dma_latency; chmod 660 "$R/dev/cpu_dma_latency"
mknod -m 660 "$R/dev/ttyS0" c 4 65; chroot "$R" chown root:dialout /dev/ttyS0
touch "$R/usr/bin/wingman"; mount --bind "$WINGMAN" "$R/usr/bin/wingman"
exec chroot "$R" /usr/bin/env -i container=wingman PATH=/usr/sbin:/usr/bin:/sbin:/bin $MARK ${SYSTEMD} \\
  --system --log-target=journal --log-level=info --show-status=no systemd.unit=idle.target`;

/** Whether this machine lets it: root of the whole machine, with systemd and control groups v2. */
export function canBoot(): boolean {
  if (process.getuid?.() !== 0 || !existsSync(SYSTEMD)) return false;
  if (!/^\s*0\s+0\s+4294967295$/m.test(readFileSync("/proc/self/uid_map", "latin1"))) return false;
  const tried = ["unshare", "--mount", "mount", "-t", "cgroup2", "cgroup2", "/mnt"];
  return Bun.spawnSync(tried).exitCode === 0;
}

export class SystemdMachine {
  private readonly directory = scratchDirectory("systemd");
  private readonly group = runName(`${process.pid}-systemd`);
  private readonly unshared: Bun.Subprocess;
  private init = 0;

  constructor(host: Host) {
    const mark = Object.entries(runEnvironment()).map(([name, value]) => `${name}=${value}`);
    const scratch = join(this.directory, "machine");
    mkdirSync(scratch);
    this.unshared = Bun.spawn(
      [
        ...[...host.enter, "unshare", "--mount", "--propagation", "private"],
        ...["/bin/sh", "-c", ENTER, "sh", scratch, this.group],
      ],
      {
        stdio: ["ignore", "ignore", Bun.file(join(this.directory, "console"))],
        env: {
          ...{ ...process.env, ...runEnvironment(), BOOT, WINGMAN, MARK: mark.join(" ") },
          FIRMWARE: FIRMWARE_CONFIG,
        },
      },
    );
  }

  /** Until it takes commands. */
  async booted(): Promise<void> {
    await until(
      () => `systemd runs; ${this.console}`,
      () => {
        if (this.unshared.exitCode !== null) throw new Error(this.console);
        [this.init = 0] = childrenOf(this.unshared.pid);
        return this.init > 1 && this.try("systemctl", "is-system-running").out.includes("running");
      },
    );
  }

  /** Errors before it ran. */
  get console(): string {
    return readFileSync(join(this.directory, "console"), "utf8");
  }

  /** Writes a file in it. */
  write(path: string, text: string): void {
    run(...this.enter, "/bin/sh", "-c", 'printf %s "$2" > "$1"', "sh", path, text);
  }

  /** Runs a command in it to its end; gives what it prints. Throws when it fails. */
  run(...command: string[]): string {
    return run(...this.enter, ...command);
  }

  try(...command: string[]): { code: number; out: string } {
    const { exitCode, stdout, stderr } = Bun.spawnSync([...this.enter, ...command]);
    return { code: exitCode, out: stdout.toString() + stderr.toString() };
  }

  /** A property of a unit (systemctl show). */
  property(unit: string, name: string): string {
    return this.run("systemctl", "show", "--value", "-p", name, unit).trim();
  }

  private get enter(): string[] {
    return ["nsenter", "--target", String(this.init), "--all", "--root", "--wd"];
  }

  /** All that runs in it ends with its process 1, and that with who has started it. */
  async close(): Promise<void> {
    if (isRunning(this.unshared.pid)) signal(this.unshared.pid, "SIGKILL");
    await this.unshared.exited;
    await until("process 1 is gone", () => this.init === 0 || !isRunning(this.init));
    const remove = 'mount -t cgroup2 cgroup2 "$1"; find "$1/$2" -depth -type d -exec rmdir {} +';
    const place = join(this.directory, "machine");
    await until("its control groups are gone", () => {
      const command = ["unshare", "--mount", "/bin/sh", "-c", remove, "sh", place, this.group];
      return Bun.spawnSync(command).exitCode === 0;
    });
    rmSync(this.directory, { recursive: true, force: true });
  }
}
