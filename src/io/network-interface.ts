import { readFileSync } from "node:fs";
import { ENODEV, errno, SystemError } from "./errno.ts";
import { AF_INET, AF_UNIX, libc, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/** Length of an interface name with its terminating zero (IFNAMSIZ). */
export const INTERFACE_NAME_BYTES = 16;

const SIOCGIFFLAGS = 0x8913;
const IFREQ_BYTES = 40;
/** Offset of the i16 flags in struct ifreq. */
const IFREQ_FLAGS_AT = 16;
const IFF_UP = 1;
/** Up, and with a link (netdevice(7)). */
const IFF_RUNNING = 0x40;

/**
 * Current index of the interface, 0 when none has this name. A replaced interface has another
 * index. No garbage.
 */
export function interfaceIndexOf(name: NativeMemory): number {
  return libc.if_nametoindex(name.address);
}

/** Start-up: index of the interface; throws a SystemError that lists the existing interfaces. */
export function requireInterface(name: string): number {
  const index = name === "" || name.includes("\0") ? 0 : interfaceIndexOf(nativeString(name));
  if (index === 0) {
    throw new SystemError(
      "network interface",
      ENODEV,
      `no interface "${name}"; there are: ${interfaceNames().join(", ")}`,
    );
  }
  return index;
}

/**
 * Names of all interfaces of this network namespace, for messages. Format of proc_net(5): two
 * heading lines, then one line each with the name before the colon.
 */
export function interfaceNames(): string[] {
  const lines = readFileSync("/proc/thread-self/net/dev", "latin1").split("\n").slice(2);
  return lines.flatMap((line) => /^\s*([^:]+):/.exec(line)?.[1] ?? []);
}

/** Used within one call of linkState only. */
const linkRequest = new NativeMemory(IFREQ_BYTES);

export type LinkState = "missing" | "down" | "no carrier" | "up";

/**
 * State of the interface in this process's network namespace; needs no privilege. Makes garbage.
 * Throws SystemError.
 */
export function linkState(name: string): LinkState {
  linkRequest.bytes.fill(0);
  linkRequest.bytes.set(new TextEncoder().encode(name).subarray(0, INTERFACE_NAME_BYTES - 1));
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", errno(), "UDP");
  const result = libc.ioctl(fd, SIOCGIFFLAGS, linkRequest.address);
  libc.close(fd);
  if (result < 0) return "missing";
  const flags = linkRequest.view.getUint16(IFREQ_FLAGS_AT, true);
  if ((flags & IFF_UP) === 0) return "down";
  return (flags & IFF_RUNNING) === 0 ? "no carrier" : "up";
}

/**
 * Start-up: claims the client interface for as long as this process lives. Two daemons on one
 * interface would not hear each other, and each would remove the other's VIPs. The claim is a name
 * in the abstract space of Unix sockets, which belongs to the network namespace, as the interface
 * does. Throws a SystemError EADDRINUSE when another process has it.
 */
export function claimInterface(name: string): void {
  const path = new TextEncoder().encode(`\0wingman/${name}`);
  const address = new NativeMemory(2 + path.length);
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(path, 2);
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", errno(), "Unix datagram");
  if (libc.bind(fd, address.address, address.bytes.length) === 0) return;
  const refused = errno();
  libc.close(fd);
  throw new SystemError("network interface", refused, `${name} is in use by another wingman`);
}
