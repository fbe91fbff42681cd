/** UDP sockets of seats and services: unconnected, non-blocking, for both families. */
import { errno, SystemError } from "../io/errno.ts";
import {
  AF_INET,
  AF_INET6,
  libc,
  SO_RCVBUF,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
} from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";

// ip(7), ipv6(7): allows binding an address that the host does not have.
const IP_FREEBIND = 15;
const IPPROTO_IPV6 = 41;
const IPV6_FREEBIND = 78;

/** Room for the socket address of either family. */
export const SOCKADDR_BYTES = 28;
const SOCKADDR_IN_BYTES = 16;

/** Offset of the address in each. */
const ADDRESS_AT_4 = 4;
const ADDRESS_AT_6 = 8;

const RECEIVE_BUFFER_BYTES = 1 << 20;
const DATAGRAM_BYTES_MAX = 64;

export class DatagramSocket {
  readonly fd: number;
  /** The last datagram received. */
  readonly received = new NativeMemory(DATAGRAM_BYTES_MAX);
  /** Its sender: struct sockaddr_in or sockaddr_in6, followed by its length. */
  readonly #sender = new NativeMemory(SOCKADDR_BYTES + 4);
  readonly #addressBytes: number;

  /** Throws SystemError. */
  constructor(readonly family: 4 | 6) {
    this.#addressBytes = family === 4 ? SOCKADDR_IN_BYTES : SOCKADDR_BYTES;
    this.fd = libc.socket(
      family === 4 ? AF_INET : AF_INET6,
      SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
      0,
    );
    if (this.fd < 0) throw new SystemError("socket", errno(), `UDP over IPv${family}`);
    const value = new NativeMemory(4);
    value.view.setUint32(0, RECEIVE_BUFFER_BYTES, true);
    // as much as the system allows
    libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUF, value.address, 4);
  }

  /**
   * Receives what is sent to `address` and `port`, and sends from there; the address may also
   * arrive later. Throws SystemError.
   */
  bind(address: Uint8Array, port: number): void {
    const on = new NativeMemory(4);
    on.view.setUint32(0, 1, true);
    const [level, option] = this.family === 4 ? [0, IP_FREEBIND] : [IPPROTO_IPV6, IPV6_FREEBIND];
    if (libc.setsockopt(this.fd, level, option, on.address, 4) !== 0)
      throw new SystemError("setsockopt(FREEBIND)", errno());
    const name = new NativeMemory(SOCKADDR_BYTES);
    writeSocketAddress(name.view, 0, this.family, address, port);
    if (libc.bind(this.fd, name.address, this.#addressBytes) < 0)
      throw new SystemError("bind", errno(), `UDP port ${port}`);
  }

  /**
   * Takes one datagram into {@link received}. Returns its length (as much as fits), or −1 when
   * there is none. Makes no garbage.
   */
  receive(): number {
    const sender = this.#sender;
    sender.view.setUint32(SOCKADDR_BYTES, SOCKADDR_BYTES, true);
    return libc.recvfrom(
      this.fd,
      this.received.address,
      DATAGRAM_BYTES_MAX,
      0,
      sender.address,
      sender.address + SOCKADDR_BYTES,
    );
  }

  /**
   * Sends to the socket address at `offset` of `addresses`. A failure counts as a lost datagram.
   * Makes no garbage.
   */
  send(memory: NativeMemory, length: number, addresses: NativeMemory, offset: number): void {
    libc.sendto(this.fd, memory.address, length, 0, addresses.address + offset, this.#addressBytes);
  }

  /** Sends to the sender of the last datagram received. Makes no garbage. */
  reply(memory: NativeMemory, length: number): void {
    this.send(memory, length, this.#sender, 0);
  }

  /**
   * Whether the last datagram came from the socket address at `offset`, with any port. Makes no
   * garbage.
   */
  isFrom(addresses: NativeMemory, offset: number): boolean {
    const from = this.family === 4 ? ADDRESS_AT_4 : ADDRESS_AT_6;
    const to = from + (this.family === 4 ? 4 : 16);
    for (let at = from; at < to; at++) {
      if (this.#sender.bytes[at] !== addresses.bytes[offset + at]) return false;
    }
    return true;
  }
}

/**
 * struct sockaddr_in or sockaddr_in6: family in native order; port and address in network order.
 */
export function writeSocketAddress(
  view: DataView,
  offset: number,
  family: 4 | 6,
  address: ArrayLike<number>,
  port: number,
): void {
  view.setUint16(offset, family === 4 ? AF_INET : AF_INET6, true);
  view.setUint16(offset + 2, port, false);
  const from = offset + (family === 4 ? ADDRESS_AT_4 : ADDRESS_AT_6);
  for (let at = 0; at < address.length; at++) view.setUint8(from + at, address[at] ?? 0);
}
