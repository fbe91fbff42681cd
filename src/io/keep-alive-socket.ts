import { isIPv4 } from "node:net";
import { assert } from "../assert.ts";
import { RECEIVE_BUFFER_BYTES } from "../limits.ts";
import { KEEP_ALIVE_BYTES } from "../wire/keep-alive.ts";
import {
  DATAGRAM_AT,
  ETHER_TYPE_IPV4,
  encodeFrameHead,
  encodeGroupReport,
  FRAME_PORT_AT,
  FRAME_SOURCE_HARDWARE_AT,
  GROUP_REPORT_BYTES,
  keepAliveFrameFilter,
} from "../wire/keep-alive-frame.ts";
import { nothingFilter } from "../wire/packet-program.ts";
import { ENODEV, ENXIO, errno, SystemError } from "./errno.ts";
import {
  AF_INET,
  libc,
  SO_MEMINFO,
  SO_PRIORITY,
  SO_RCVBUFFORCE,
  SO_REUSEADDR,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOL_SOCKET,
} from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { interfaceIndexOf } from "./network-interface.ts";
import { PacketSocket } from "./packet-socket.ts";
import { attachFilter } from "./socket-filter.ts";
import { SourceAddress } from "./source-address.ts";

const IPPROTO_IP = 0;
const IP_ADD_MEMBERSHIP = 35;
const IP_DROP_MEMBERSHIP = 36;
const IP_MULTICAST_ALL = 49;
const SOCKADDR_IN_BYTES = 16;
/** struct ip_mreqn: group, local address, i32 interface index. */
const IP_MREQN_BYTES = 12;
const MREQN_INTERFACE_INDEX_AT = 8;
/** Highest priority without a privilege: first in the interface's queue. */
const PRIORITY = 6;
/** SO_MEMINFO: 9 u32, the last one counts drops; the total length follows. */
const MEMINFO_BYTES = 36;
const MEMINFO_DROPS_AT = 32;

/** Result for a datagram sent to another port than ours. */
export const WRONG_PORT = 0;

/**
 * Keep-alives on one network, as whole frames that bypass the kernel's IP. So full tables of
 * neighbours or connections, or a firewall for the functions' services, do not keep servers from
 * hearing each other, and an interface without an address works too.
 *
 * The interface may be missing, disappear and return: {@link rejoin} and {@link refresh} follow it.
 * Never blocks. Everything after the constructor is free of garbage.
 */
export class KeepAliveSocket {
  readonly fd: number;
  /** Last datagram received, from its first byte on. */
  readonly received: { readonly view: DataView; readonly bytes: Uint8Array };
  readonly #frames: PacketSocket;
  readonly #source: SourceAddress;
  /**
   * Holds the membership: the interface accepts the group's frames, and IGMP answers for it. It
   * counts arrivals at the port, and receives nothing.
   */
  readonly #member: number;
  #taken = 0;
  #dropped = 0;
  readonly #group: Uint8Array;
  readonly #port: number;
  readonly #name: NativeMemory;
  readonly #frame = new NativeMemory(DATAGRAM_AT + KEEP_ALIVE_BYTES);
  readonly #report = new NativeMemory(GROUP_REPORT_BYTES);
  readonly #membership = new NativeMemory(IP_MREQN_BYTES);
  readonly #memoryInfo = new NativeMemory(MEMINFO_BYTES + 4);

  /** Start-up. Throws a SystemError: not an Ethernet interface, or no CAP_NET_RAW. */
  constructor(interfaceName: string, group: string, port: number) {
    assert(isIPv4(group), "a group is an IPv4 address");
    this.#group = Uint8Array.from(group.split("."), Number);
    this.#port = port;
    this.#name = nativeString(interfaceName);
    this.#membership.bytes.set(this.#group, 0);
    const filter = keepAliveFrameFilter(this.#group);
    this.#frames = new PacketSocket(interfaceName, ETHER_TYPE_IPV4, filter, true);
    this.fd = this.#frames.fd;
    const { received } = this.#frames;
    this.received = {
      view: new DataView(received.buffer, DATAGRAM_AT),
      bytes: new Uint8Array(received.buffer, DATAGRAM_AT),
    };
    this.#source = new SourceAddress(interfaceName);
    this.#member = libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#member < 0) throw new SystemError("socket", errno(), "UDP");
    this.#set(this.fd, SOL_SOCKET, SO_PRIORITY, PRIORITY);
    this.#set(this.fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_BYTES);
    this.#countOnPort(interfaceName);
    const refused = this.rejoin();
    if (refused !== 0 && refused !== ENODEV) throw new SystemError("join", refused, interfaceName);
  }

  /** Ethernet address of the last datagram's sender: its first two and its last four bytes. */
  get senderHigh(): number {
    return this.#frames.received.view.getUint16(FRAME_SOURCE_HARDWARE_AT);
  }

  get senderLow(): number {
    return this.#frames.received.view.getUint32(FRAME_SOURCE_HARDWARE_AT + 2);
  }

  /**
   * Call when an interface of that name has come back; to the kernel it is a new one (a replugged
   * adapter). Returns 0 or an errno: ENODEV while it is away.
   */
  rejoin(): number {
    this.refresh();
    const index = interfaceIndexOf(this.#name);
    if (index === 0) return ENODEV;
    this.#membership.view.setInt32(MREQN_INTERFACE_INDEX_AT, index, true);
    // A socket stays a member on an interface that is gone, and would then not join one with the
    // same index.
    this.#ask(IP_DROP_MEMBERSHIP);
    return this.#ask(IP_ADD_MEMBERSHIP);
  }

  #ask(membership: number): number {
    const { address } = this.#membership;
    const refused = libc.setsockopt(this.#member, IPPROTO_IP, membership, address, IP_MREQN_BYTES);
    return refused < 0 ? errno() : 0;
  }

  /** Follows changes of the interface and its addresses. */
  refresh(): void {
    const { hardwareAddress } = this.#frames;
    this.#frames.refresh();
    this.#source.towards(this.#group, 0);
    const { bytes: source } = this.#source;
    const frame = this.#frame;
    const report = this.#report;
    encodeFrameHead(frame.view, frame.bytes, hardwareAddress, source, this.#group, this.#port);
    encodeGroupReport(report.view, report.bytes, hardwareAddress, source, this.#group);
  }

  /** Reports the group membership to the switches again. 0 or an errno. */
  reportGroup(): number {
    return this.#frames.send(this.#report, 0, GROUP_REPORT_BYTES);
  }

  /**
   * Sends a datagram of KEEP_ALIVE_BYTES to the group. Returns 0 or an errno: ENODEV without the
   * interface, ENETDOWN when it is switched off, EAGAIN or ENOBUFS when its queue is full.
   */
  send(memory: NativeMemory): number {
    this.#frame.bytes.set(memory.bytes, DATAGRAM_AT);
    const refused = this.#frames.send(this.#frame, 0, DATAGRAM_AT + KEEP_ALIVE_BYTES);
    return refused === ENXIO ? ENODEV : refused;
  }

  /**
   * Receives one datagram into {@link received}. Returns its length; WRONG_PORT when it was sent to
   * another port; −1 when none has arrived.
   */
  receive(): number {
    const length = this.#frames.receive();
    if (length < 0) return -1;
    const { view } = this.#frames.received;
    if (view.getUint16(FRAME_PORT_AT) !== this.#port) return WRONG_PORT;
    this.#taken++;
    return KEEP_ALIVE_BYTES;
  }

  /**
   * Datagrams since the socket was made that came to the port and were not received: those that are
   * no keep-alives, and those for which the receive buffer had no room.
   */
  dropped(): number {
    const info = this.#memoryInfo;
    info.view.setUint32(MEMINFO_BYTES, MEMINFO_BYTES, true);
    const lengthAddress = info.address + MEMINFO_BYTES;
    if (libc.getsockopt(this.#member, SOL_SOCKET, SO_MEMINFO, info.address, lengthAddress) < 0)
      return this.#dropped;
    const come = info.view.getUint32(MEMINFO_DROPS_AT, true);
    this.#dropped = Math.max(this.#dropped, come - this.#taken); // some are still queued
    return this.#dropped;
  }

  close(): void {
    this.#frames.close();
    this.#source.close();
    libc.close(this.#member);
  }

  /** Start-up: makes the kernel drop and count all arrivals at the member socket's port. */
  #countOnPort(interfaceName: string): void {
    const port = new NativeMemory(SOCKADDR_IN_BYTES);
    port.view.setUint16(0, AF_INET, true);
    port.view.setUint16(2, this.#port, false);
    port.bytes.set(this.#group, 4);
    this.#set(this.#member, SOL_SOCKET, SO_REUSEADDR, 1);
    this.#set(this.#member, IPPROTO_IP, IP_MULTICAST_ALL, 0); // only those of its own interface
    attachFilter(this.#member, nothingFilter());
    if (libc.bind(this.#member, port.address, SOCKADDR_IN_BYTES) < 0)
      throw new SystemError("bind", errno(), `port ${this.#port}, ${interfaceName}`);
  }

  /** An option that the kernel refuses keeps its default. */
  #set(fd: number, level: number, option: number, value: number): void {
    const memory = this.#memoryInfo;
    memory.view.setInt32(0, value, true);
    libc.setsockopt(fd, level, option, memory.address, 4);
  }
}
