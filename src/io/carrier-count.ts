/**
 * Counts how often an interface has lost or gained its carrier. The kernel's driver maintains the
 * count (`carrier_changes` of sysfs): an atomic counter that is up to date at once and read without
 * a lock.
 *
 * Every other source of carrier changes is late or blocks. The kernel collects link events and
 * reports the next one up to a second after the last (net/core/link_watch.c), by netlink as well as
 * by the flags of the interface. Asking the driver (ethtool) waits for the lock of all network
 * settings.
 */
import { readFileSync } from "node:fs";
import { libc, O_CLOEXEC } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { interfaceIndexOf, interfaceNames } from "./network-interface.ts";

/** The value is unknown: no such interface, or no sysfs of this network namespace. */
export const UNKNOWN_COUNT = -1;

// linux/mount.h; the same numbers on every architecture.
const SYS_FSOPEN = 430;
const SYS_FSCONFIG = 431;
const SYS_FSMOUNT = 432;
const FSOPEN_CLOEXEC = 1;
const FSCONFIG_CMD_CREATE = 6;
const FSMOUNT_CLOEXEC = 1;

/** Two 31-bit counters together, and a line feed. */
const TEXT_BYTES = 16;
const ZERO = 0x30;
const NINE = 0x39;

const NO_SYSFS = -1;

/** Counters of several interfaces, each of which may disappear and return. */
export class CarrierCounts {
  /** File of each counter; null without a sysfs of this network namespace. */
  private readonly paths: readonly NativeMemory[] | null;
  private readonly fds: Int32Array<ArrayBuffer>;
  private readonly text = new NativeMemory(TEXT_BYTES);
  /** Our own detached mount of sysfs. */
  private readonly mount = ownMount();

  /** Start-up. Never throws: without sysfs every count is unknown. */
  constructor(interfaceNames: readonly string[]) {
    const directory = networksOf(this.mount);
    this.paths =
      directory === null
        ? null
        : interfaceNames.map((name) => nativeString(`${directory}/${name}/carrier_changes`));
    this.fds = new Int32Array(new ArrayBuffer(4 * interfaceNames.length)).fill(-1);
    for (let place = 0; place < interfaceNames.length; place++) this.reopen(place);
  }

  /** Call when the interface of this name has been replaced. No garbage. */
  reopen(place: number): void {
    if (this.fds[place] !== -1) libc.close(this.fds[place] as number);
    const path = this.paths?.[place];
    this.fds[place] = path === undefined ? -1 : libc.open(path.address, O_CLOEXEC, 0);
  }

  /** The counter, or UNKNOWN_COUNT. One system call, no garbage. */
  read(place: number): number {
    const fd = this.fds[place] as number;
    if (fd === -1) return UNKNOWN_COUNT;
    const { bytes, address } = this.text;
    const length = libc.pread(fd, address, TEXT_BYTES, 0);
    let count = 0;
    let digits = 0;
    for (; digits < length; digits++) {
      const digit = bytes[digits] as number;
      if (digit < ZERO || digit > NINE) break;
      count = 10 * count + digit - ZERO;
    }
    return digits === 0 ? UNKNOWN_COUNT : count;
  }

  close(): void {
    for (const fd of this.fds) if (fd !== -1) libc.close(fd);
    if (this.mount !== NO_SYSFS) libc.close(this.mount);
  }
}

/**
 * Directory of this network namespace's interfaces in sysfs; null when there is none. Uses our own
 * mount where permitted, because /sys may show another network namespace.
 */
function networksOf(mount: number): string | null {
  const directory = `${mount === NO_SYSFS ? "/sys" : `/proc/self/fd/${mount}`}/class/net`;
  return interfaceNames().every((name) => isOurs(directory, name)) ? directory : null;
}

function isOurs(directory: string, name: string): boolean {
  try {
    const index = Number(readFileSync(`${directory}/${name}/ifindex`, "latin1"));
    return index === interfaceIndexOf(nativeString(name));
  } catch {
    return false;
  }
}

/**
 * Mounts sysfs of this network namespace and returns a descriptor; NO_SYSFS where not permitted.
 */
function ownMount(): number {
  const sysfs = nativeString("sysfs");
  const context = libc.syscall(SYS_FSOPEN, sysfs.address, FSOPEN_CLOEXEC, 0, 0, 0);
  if (context < 0) return NO_SYSFS;
  const made = libc.syscall(SYS_FSCONFIG, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
  const mount = made < 0 ? -1 : libc.syscall(SYS_FSMOUNT, context, FSMOUNT_CLOEXEC, 0, 0, 0);
  libc.close(context);
  return mount < 0 ? NO_SYSFS : mount;
}
