import { copyBytes, sameBytes } from "../wire/bytes.ts";
import { EAFNOSUPPORT, EINTR, ENODEV, errno, SystemError } from "./errno.ts";
import {
  AF_PACKET,
  libc,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_SNDBUFFORCE,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { INTERFACE_NAME_BYTES, requireInterface } from "./network-interface.ts";
import { attachFilter } from "./socket-filter.ts";

/** Longest Ethernet frame that is received whole. */
const RECEIVED_BYTES = 2048;

/**
 * A burst of a thousand announcements fits the socket's buffer; the kernel charges about 1 KiB for
 * each.
 */
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

export const HARDWARE_ADDRESS_BYTES = 6;

/** Any EtherType; a socket with EtherType 0 receives nothing. */
export const ETHER_TYPE_ALL = 0x0003;

const SOL_PACKET = 263;
/** Linux 4.20. */
const PACKET_IGNORE_OUTGOING = 23;

const SIOCGIFHWADDR = 0x8927;
const SIOCGIFINDEX = 0x8933;
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;

// struct ifreq: the name, then the answer.
const REQUEST_BYTES = 40;
const ANSWER_AT = INTERFACE_NAME_BYTES;
// struct sockaddr_ll: u16 family, u16 protocol in network order, i32 interface index, then fields
// that only received ones use.
const SOCKADDR_AT = REQUEST_BYTES;
const SOCKADDR_BYTES = 20;
const OPTION_AT = SOCKADDR_AT + SOCKADDR_BYTES;

/** Sends and receives whole Ethernet frames on one interface. */
export class PacketSocket {
  readonly fd: number;
  /** Ethernet address of the interface, as of the last {@link refresh}. */
  readonly hardwareAddress = new Uint8Array(new ArrayBuffer(HARDWARE_ADDRESS_BYTES));
  /** Last frame of {@link receive}. */
  readonly received = new NativeMemory(RECEIVED_BYTES);
  private readonly scratch = new NativeMemory(64);

  /**
   * `etherType`: what to receive; 0 for a socket that only sends. With a `filter` (a program of
   * struct sock_filter) it receives only what the filter accepts, and nothing that this host sends.
   * Throws a SystemError: no such interface, not an Ethernet one, or no CAP_NET_RAW. With
   * `mayBeMissing` the interface may appear later: see {@link refresh}.
   */
  constructor(
    interfaceName: string,
    private readonly etherType: number,
    filter: Uint8Array | null = null,
    mayBeMissing = false,
  ) {
    if (!mayBeMissing) requireInterface(interfaceName);
    this.scratch.bytes.set(
      new TextEncoder().encode(interfaceName).subarray(0, INTERFACE_NAME_BYTES - 1),
    );
    // Protocol 0: nothing is received before the socket is bound to its interface.
    this.fd = libc.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (this.fd < 0) throw new SystemError("socket(AF_PACKET)", errno());
    this.scratch.view.setInt32(OPTION_AT, SEND_BUFFER_BYTES, true);
    // otherwise the system's default
    libc.setsockopt(this.fd, SOL_SOCKET, SO_SNDBUFFORCE, this.scratch.address + OPTION_AT, 4);
    if (filter !== null) this.attach(filter);
    const outcome = this.refresh();
    if (outcome < 0 && !(mayBeMissing && outcome === -ENODEV)) {
      libc.close(this.fd);
      throw new SystemError("packet socket", -outcome, interfaceName);
    }
  }

  /** Before the socket is bound: every frame passes the filter. */
  private attach(filter: Uint8Array): void {
    this.scratch.view.setInt32(OPTION_AT, 1, true);
    let refused = attachFilter(this.fd, filter);
    if (
      refused === 0 &&
      libc.setsockopt(
        this.fd,
        SOL_PACKET,
        PACKET_IGNORE_OUTGOING,
        this.scratch.address + OPTION_AT,
        4,
      ) !== 0
    ) {
      refused = errno();
    }
    if (refused === 0) return;
    libc.close(this.fd);
    throw new SystemError("packet filter", refused);
  }

  /**
   * Follows the interface, which may have been replaced or given another address. Returns 1 when
   * either happened, 0 when neither did, or −errno when there is none. Three system calls, no
   * garbage.
   */
  refresh(): number {
    const { view, bytes, address } = this.scratch;
    if (libc.ioctl(this.fd, SIOCGIFINDEX, address) !== 0) return -errno();
    const index = view.getInt32(ANSWER_AT, true);
    if (libc.ioctl(this.fd, SIOCGIFHWADDR, address) !== 0) return -errno();
    const kind = view.getUint16(ANSWER_AT, true);
    if (kind !== ARPHRD_ETHER && kind !== ARPHRD_LOOPBACK) return -EAFNOSUPPORT;
    const isBound = index === this.boundIndex();
    if (isBound && sameBytes(bytes, ANSWER_AT + 2, this.hardwareAddress, 0, HARDWARE_ADDRESS_BYTES))
      return 0;
    copyBytes(this.hardwareAddress, 0, bytes, ANSWER_AT + 2, HARDWARE_ADDRESS_BYTES);
    return isBound ? 1 : this.bind(index);
  }

  /**
   * Asked each time: the kernel unbinds a socket when its interface disappears, and the next
   * interface of that name may have the same index.
   */
  private boundIndex(): number {
    const { view, address } = this.scratch;
    view.setUint32(OPTION_AT, SOCKADDR_BYTES, true);
    const refused = libc.getsockname(this.fd, address + SOCKADDR_AT, address + OPTION_AT);
    return refused === 0 ? view.getInt32(SOCKADDR_AT + 4, true) : 0;
  }

  private bind(index: number): number {
    const { view, address } = this.scratch;
    view.setUint16(SOCKADDR_AT, AF_PACKET, true);
    view.setUint16(SOCKADDR_AT + 2, this.etherType, false);
    view.setInt32(SOCKADDR_AT + 4, index, true);
    return libc.bind(this.fd, address + SOCKADDR_AT, SOCKADDR_BYTES) === 0 ? 1 : -errno();
  }

  /** Sends one frame. 0 or errno. */
  send(memory: NativeMemory, offset: number, length: number): number {
    return libc.send(this.fd, memory.address + offset, length, MSG_DONTWAIT) < 0 ? errno() : 0;
  }

  /**
   * Sends `count` frames with one system call; `messages` holds an array of struct mmsghdr from
   * `offset` on. Returns the number of frames sent, at least one, or −errno when the first failed.
   * Never waits.
   */
  sendMany(messages: NativeMemory, offset: number, count: number): number {
    const sent = libc.sendmmsg(this.fd, messages.address + offset, count, MSG_DONTWAIT);
    return sent < 0 ? -errno() : sent;
  }

  /**
   * Receives one frame into `received`. Returns its length, above 2048 when it was cut, or −1 for
   * none.
   */
  receive(): number {
    for (let i = 0; i < 8; i++) {
      const length = libc.recv(
        this.fd,
        this.received.address,
        RECEIVED_BYTES,
        MSG_DONTWAIT | MSG_TRUNC,
      );
      if (length >= 0) return length;
      if (errno() !== EINTR) return -1;
    }
    return -1;
  }

  close(): void {
    libc.close(this.fd);
  }
}
