import { isIPv4 } from "node:net";
import { assert } from "../assert.ts";
import { RECEIVE_BUFFER_BYTES } from "../limits.ts";
import { EADDRINUSE, ENODEV, errno, SystemError } from "./errno.ts";
import {
  AF_INET,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SO_BINDTODEVICE,
  SO_MEMINFO,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { interfaceIndexOf, requireInterface } from "./network-interface.ts";
import { attachFilter } from "./socket-filter.ts";

/**
 * A keep-alive fits one Ethernet frame; a longer datagram is recognised by its length and never
 * read whole.
 */
export const DATAGRAM_BYTES_MAX = 2048;

const IPPROTO_IP = 0;
const IP_MULTICAST_TTL = 33;
const IP_MULTICAST_LOOP = 34;
const IP_ADD_MEMBERSHIP = 35;
const IP_MULTICAST_ALL = 49;

/**
 * Never routed: the aircraft's networks are single segments, and no other network may receive this.
 */
const TIME_TO_LIVE = 1;
/** Highest priority without a privilege: first in the interface's queue. */
const PRIORITY_DEFAULT = 6;

/**
 * struct sockaddr_in: u16 family, then port and address in network byte order, 8 bytes of padding.
 */
const SOCKADDR_IN_BYTES = 16;
/** struct ip_mreqn: group, local address, i32 interface index. */
const IP_MREQN_BYTES = 12;
const MREQN_INTERFACE_INDEX_AT = 8;
/**
 * SO_MEMINFO: 9 u32, the last of which is SK_MEMINFO_DROPS; in the same block the length that the
 * kernel reads and writes.
 */
const MEMINFO_BYTES = 36;
const MEMINFO_DROPS_AT = 32;

export interface MulticastSocketOptions {
  readonly interfaceName: string;
  /** An IPv4 multicast group in dotted decimals. */
  readonly group: string;
  readonly port: number;
  /** SO_PRIORITY of sent datagrams, 0–6. */
  readonly priority?: number;
  /** Whether sockets of this machine also receive what is sent. */
  readonly loop?: boolean;
  /** Program of wire/packet-program: datagrams that it refuses never arrive. Without it all do. */
  readonly filter?: Uint8Array;
}

/**
 * A UDP socket for one IPv4 multicast group on one interface only: it sends there, and receives
 * only that group's datagrams from that interface. Never blocks.
 */
export class MulticastSocket {
  readonly fd: number;
  /** Last datagram received, from its first byte on. */
  readonly received = new NativeMemory(DATAGRAM_BYTES_MAX);
  readonly #interfaceName: string;
  readonly #nativeName: NativeMemory;
  readonly #destination: NativeMemory;
  readonly #membership = new NativeMemory(IP_MREQN_BYTES);
  readonly #option = new NativeMemory(4);
  readonly #memoryInfo = new NativeMemory(MEMINFO_BYTES + 4);

  /** Throws SystemError; for a missing interface it names the existing ones. */
  constructor(options: MulticastSocketOptions) {
    const group = ipv4Bytes(options.group);
    assert(group[0] >= 224 && group[0] <= 239, "a group is a multicast address");
    requireInterface(options.interfaceName);
    this.#interfaceName = options.interfaceName;
    this.#nativeName = nativeString(options.interfaceName);
    this.#membership.bytes.set(group, 0);
    this.#destination = socketAddress(group, options.port);

    this.fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw new SystemError("socket", errno(), "UDP");
    try {
      // Before bind: two sockets, one per network, share the port and see only their own
      // interface's datagrams.
      this.#set(SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
      this.#set(IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
      this.#set(IPPROTO_IP, IP_MULTICAST_TTL, TIME_TO_LIVE, "IP_MULTICAST_TTL");
      this.#set(IPPROTO_IP, IP_MULTICAST_LOOP, options.loop === true ? 1 : 0, "IP_MULTICAST_LOOP");
      this.#set(SOL_SOCKET, SO_PRIORITY, options.priority ?? PRIORITY_DEFAULT, "SO_PRIORITY");
      this.#enlargeReceiveBuffer();
      // Before anything can arrive: queued datagrams would bypass the filter.
      if (options.filter !== undefined) this.#attach(options.filter);
      const refused = this.rejoin();
      if (refused !== 0)
        throw new SystemError("join", refused, `${options.group} on ${options.interfaceName}`);
      if (libc.bind(this.fd, this.#destination.address, SOCKADDR_IN_BYTES) < 0) {
        throw new SystemError(
          "bind",
          errno(),
          `${options.group}:${options.port} on ${options.interfaceName}`,
        );
      }
    } catch (error) {
      libc.close(this.fd);
      throw error;
    }
  }

  /**
   * Binds the socket to the current interface and joins the group there. Call again when an
   * interface of that name has come back; to the kernel it is a new one (a replugged adapter).
   * Returns 0 or an errno: ENODEV while it is away. Makes no garbage.
   */
  rejoin(): number {
    const index = interfaceIndexOf(this.#nativeName);
    if (index === 0) return ENODEV;
    const name = this.#nativeName;
    const membership = this.#membership;
    membership.view.setInt32(MREQN_INTERFACE_INDEX_AT, index, true);
    // Also determines the outgoing interface: IP_MULTICAST_IF is not needed.
    if (libc.setsockopt(this.fd, SOL_SOCKET, SO_BINDTODEVICE, name.address, name.bytes.length) < 0)
      return errno();
    if (
      libc.setsockopt(
        this.fd,
        IPPROTO_IP,
        IP_ADD_MEMBERSHIP,
        membership.address,
        IP_MREQN_BYTES,
      ) === 0
    )
      return 0;
    const refused = errno();
    return refused === EADDRINUSE ? 0 : refused; // already a member
  }

  /**
   * Sends `length` bytes of `memory` from `offset` on to the group. Returns 0 or an errno: ENETDOWN
   * or ENODEV without the interface, ENETUNREACH when it has neither an address nor a route, EAGAIN
   * or ENOBUFS when its queue is full. Makes no garbage.
   */
  send(memory: NativeMemory, offset: number, length: number): number {
    assert(
      offset >= 0 && length >= 0 && offset + length <= memory.bytes.length,
      "a datagram lies inside its memory",
    );
    const sent = libc.sendto(
      this.fd,
      memory.address + offset,
      length,
      MSG_DONTWAIT | MSG_NOSIGNAL,
      this.#destination.address,
      SOCKADDR_IN_BYTES,
    );
    return sent < 0 ? errno() : 0;
  }

  /**
   * Receives one datagram into {@link received}. Returns its length, which exceeds {@link
   * DATAGRAM_BYTES_MAX} when it was cut; −1 when none has arrived. Makes no garbage.
   */
  receive(): number {
    return libc.recv(this.fd, this.received.address, DATAGRAM_BYTES_MAX, MSG_DONTWAIT | MSG_TRUNC);
  }

  /**
   * Datagrams since the socket was made that the filter refused or for which the receive buffer had
   * no room, modulo 2^32. No garbage.
   */
  dropped(): number {
    const info = this.#memoryInfo;
    info.view.setUint32(MEMINFO_BYTES, MEMINFO_BYTES, true);
    const refused = libc.getsockopt(
      this.fd,
      SOL_SOCKET,
      SO_MEMINFO,
      info.address,
      info.address + MEMINFO_BYTES,
    );
    return refused < 0 ? 0 : info.view.getUint32(MEMINFO_DROPS_AT, true);
  }

  close(): void {
    libc.close(this.fd);
  }

  #attach(filter: Uint8Array): void {
    const refused = attachFilter(this.fd, filter);
    if (refused !== 0)
      throw new SystemError("setsockopt", refused, `SO_ATTACH_FILTER on ${this.#interfaceName}`);
  }

  /**
   * The option that needs CAP_NET_ADMIN ignores the system's limit (net.core.rmem_max); the other
   * one is cut to it.
   */
  #enlargeReceiveBuffer(): void {
    this.#option.view.setInt32(0, RECEIVE_BUFFER_BYTES, true);
    if (libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, this.#option.address, 4) === 0) return;
    this.#set(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_BYTES, "SO_RCVBUF");
  }

  #set(level: number, option: number, value: number, name: string): void {
    this.#option.view.setInt32(0, value, true);
    if (libc.setsockopt(this.fd, level, option, this.#option.address, 4) === 0) return;
    throw new SystemError("setsockopt", errno(), `${name} on ${this.#interfaceName}`);
  }
}

function ipv4Bytes(text: string): Uint8Array {
  assert(isIPv4(text), "a group is an IPv4 address");
  return Uint8Array.from(text.split("."), Number);
}

function socketAddress(address: Uint8Array, port: number): NativeMemory {
  assert(Number.isInteger(port) && port > 0 && port < 65536, "a port is a 16-bit number");
  const memory = new NativeMemory(SOCKADDR_IN_BYTES);
  memory.view.setUint16(0, AF_INET, true);
  memory.view.setUint16(2, port, false);
  memory.bytes.set(address, 4);
  return memory;
}
