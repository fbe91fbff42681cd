import { CString, type Pointer, read } from "bun:ffi";
import { EADDRNOTAVAIL, ENODEV, errno, SystemError } from "./errno.ts";
import { AF_INET, libc, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/** Bytes of an interface name with its terminating zero (IFNAMSIZ). */
export const INTERFACE_NAME_BYTES = 16;

const SIOCGIFADDR = 0x8915;
const IFREQ_BYTES = 40;

/** Index of the interface now, 0 when there is none of this name. An interface made anew has another index. No garbage. */
export function interfaceIndexOf(name: NativeMemory): number {
  return libc.if_nametoindex(name.address);
}

/** Start-up: the index of the interface; throws a SystemError that names the interfaces there are. */
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

/** Names of all interfaces of this network namespace, for messages. Start-up only: makes garbage and frees nothing. */
export function interfaceNames(): string[] {
  // struct if_nameindex { unsigned int index; char *name; }, closed by a row of zeros.
  const rows = libc.if_nameindex();
  const names: string[] = [];
  if (rows === null) return names;
  for (let at = 0; read.u32(rows, at) !== 0; at += 16)
    names.push(new CString(read.ptr(rows, at + 8) as Pointer).toString());
  return names;
}

/** Start-up: throws a SystemError when the interface has no IPv4 address: what it sends would come from 0.0.0.0, and be dropped. */
export function requireIpv4Address(name: string): void {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", errno(), "UDP");
  const request = new NativeMemory(IFREQ_BYTES); // struct ifreq: the name, then what is asked for
  request.bytes.set(new TextEncoder().encode(name).subarray(0, INTERFACE_NAME_BYTES - 1));
  const result = libc.ioctl(fd, SIOCGIFADDR, request.address);
  const refused = result < 0 ? errno() : 0;
  libc.close(fd);
  if (refused === EADDRNOTAVAIL) throw new SystemError("network interface", refused, `${name} has no IPv4 address`);
  if (refused !== 0) throw new SystemError("SIOCGIFADDR", refused, name);
}
