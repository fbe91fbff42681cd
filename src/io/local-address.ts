/** Whether a program on this machine could use an address, determined the way the program would. */
import { AF_INET, AF_INET6, libc, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const SOCK_STREAM = 1;

/**
 * struct sockaddr_in6 (28 bytes), the longer of the two: u16 family, u16 port in network order; an
 * IPv4 address at 4, an IPv6 address at 8. Used within one call only.
 */
const SOCKADDR_IN_BYTES = 16;
const SOCKADDR_IN6_BYTES = 28;
const sockaddr = new NativeMemory(SOCKADDR_IN6_BYTES);
const sockaddrLength = new NativeMemory(4);

/** @returns length of the address written */
function write(address: Uint8Array, port: number): number {
  const isIpv4 = address.length === 4;
  sockaddr.bytes.fill(0);
  sockaddr.view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  sockaddr.view.setUint16(2, port);
  sockaddr.bytes.set(address, isIpv4 ? 4 : 8);
  return isIpv4 ? SOCKADDR_IN_BYTES : SOCKADDR_IN6_BYTES;
}

/** Port that the kernel assigned to a bound socket; 0 when unknown. */
function ownPort(fd: number): number {
  sockaddrLength.view.setUint32(0, SOCKADDR_IN6_BYTES, true);
  const isKnown = libc.getsockname(fd, sockaddr.address, sockaddrLength.address) === 0;
  return isKnown ? sockaddr.view.getUint16(2) : 0;
}

/**
 * Whether a socket could be bound to the address now. bind(2) fails with EADDRNOTAVAIL where the
 * address is not on this machine, unless ip_nonlocal_bind is set. The socket is closed again.
 *
 * @param address 4 or 16 bytes
 */
export function canBind(address: Uint8Array): boolean {
  const length = write(address, 0);
  const family = address.length === 4 ? AF_INET : AF_INET6;
  const fd = libc.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const isBound = libc.bind(fd, sockaddr.address, length) === 0;
  libc.close(fd);
  return isBound;
}

/**
 * Whether something on this machine accepts TCP connections at one of its own addresses. Such a
 * connection is made or refused within the call, without waiting. Its source is the address itself,
 * so that it never reaches another machine with that address. It is closed at once.
 *
 * @param address 4 or 16 bytes
 */
export function isListening(address: Uint8Array, port: number): boolean {
  const length = write(address, 0);
  const family = address.length === 4 ? AF_INET : AF_INET6;
  const fd = libc.socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  let isConnected = false;
  // A socket that is assigned this very port would connect to itself: then nobody else has it.
  if (libc.bind(fd, sockaddr.address, length) === 0 && ownPort(fd) !== port) {
    write(address, port);
    // The first call starts the connection; the second gives its result.
    isConnected =
      libc.connect(fd, sockaddr.address, length) === 0 ||
      libc.connect(fd, sockaddr.address, length) === 0;
  }
  libc.close(fd);
  return isConnected;
}
