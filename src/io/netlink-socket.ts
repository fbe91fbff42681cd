import {
  messageErrno,
  messageFlags,
  messageLength,
  messageSequence,
  messageType,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_MIN_TYPE,
  nextMessage,
  setRequest,
} from "../wire/rtnetlink.ts";
import { EAGAIN, EINTR, ENOBUFS, ETIMEDOUT, errno, SystemError } from "./errno.ts";
import {
  AF_NETLINK,
  libc,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_RCVBUF,
  SO_RCVBUFFORCE,
  SO_RCVTIMEO,
  SOCK_CLOEXEC,
  SOCK_RAW,
  SOL_SOCKET,
} from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import { attachFilter } from "./socket-filter.ts";

/** The kernel fills datagrams of a dump up to 32 KiB; all others are far smaller. */
const RECEIVED_BYTES = 32 * 1024;

/**
 * An answer that is not there after this time was lost: rtnetlink and nftables answer before `send`
 * returns. The time-out keeps the flight loop from hanging on an answer that the kernel dropped
 * because the receive buffer was full.
 */
const ANSWER_TIMEOUT_US = 20_000;

/** Answers to one batch, plus room for late ones of an earlier batch. */
const ANSWER_DATAGRAMS_MAX = 1024;

/** A dump is given up after concurrent changes have disturbed it this often. */
const DUMP_TRIES = 4;

/** Longest dump, including other arrivals: 16 times all addresses that an aircraft may have. */
const DUMP_DATAGRAMS_MAX = 4096;

/**
 * More than any receive buffer here holds: 4 MiB, of which the kernel charges at least 512 bytes
 * per datagram.
 */
const DISCARDED_DATAGRAMS_MAX = 16_384;

const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_GET_STRICT_CHK = 12;

const SOCKADDR_BYTES = 12;
const PEER_AT = 0;
const PEER_LENGTH_AT = SOCKADDR_BYTES;
const OPTION_AT = 16;
const SCRATCH_BYTES = 32;

/** Takes the messages of a dump. */
export interface DumpReader {
  /** The dump begins, or restarts because addresses or links changed: discard earlier messages. */
  begin(): void;
  /** One message; its bytes are valid during the call only. */
  message(view: DataView, bytes: Uint8Array, at: number, length: number): void;
}

/**
 * A netlink socket for requests and the kernel's answers, or for the notifications of `groups`.
 * Received messages stay in `received` until the next call. Nothing here waits longer than 20 ms,
 * and only the constructor makes garbage.
 */
export class NetlinkSocket {
  readonly fd: number;
  readonly received = new NativeMemory(RECEIVED_BYTES);
  private readonly scratch = new NativeMemory(SCRATCH_BYTES);
  private readonly answer = new Int32Array(new ArrayBuffer(4));
  private sequence = 1;

  /**
   * `groups`: mask of the notification groups, 0 for a socket for requests. `receiveBufferBytes`
   * should hold the largest burst; root may exceed the system's limit. `filter`: selects
   * notifications (wire/packet-program); default all. Throws a SystemError.
   */
  constructor(
    protocol: number,
    groups: number,
    receiveBufferBytes: number,
    filter: Uint8Array | null = null,
  ) {
    this.fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
    if (this.fd < 0) throw new SystemError("socket(AF_NETLINK)", errno());
    const unfiltered = filter === null ? 0 : attachFilter(this.fd, filter);
    if (unfiltered !== 0) throw new SystemError("setsockopt(SO_ATTACH_FILTER)", unfiltered);
    const { view, address } = this.scratch;
    view.setUint16(PEER_AT, AF_NETLINK, true);
    view.setUint32(PEER_AT + 4, 0, true); // port id: the kernel chooses
    view.setUint32(PEER_AT + 8, groups, true);
    if (libc.bind(this.fd, address + PEER_AT, SOCKADDR_BYTES) !== 0)
      throw new SystemError("bind(AF_NETLINK)", errno());
    if (!this.setOption(SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes)) {
      // without CAP_NET_ADMIN: as much as the system allows
      this.setOption(SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
    }
    // An error answer then repeats only the header of its request, and the kernel filters dumps.
    // Kernels that lack either option are slower, not wrong.
    this.setOption(SOL_NETLINK, NETLINK_CAP_ACK, 1);
    this.setOption(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1);
    view.setUint32(OPTION_AT, 0, true); // struct timeval
    view.setUint32(OPTION_AT + 4, 0, true);
    view.setUint32(OPTION_AT + 8, ANSWER_TIMEOUT_US, true);
    view.setUint32(OPTION_AT + 12, 0, true);
    if (libc.setsockopt(this.fd, SOL_SOCKET, SO_RCVTIMEO, address + OPTION_AT, 16) !== 0) {
      throw new SystemError("setsockopt(SO_RCVTIMEO)", errno());
    }
  }

  private setOption(level: number, option: number, value: number): boolean {
    this.scratch.view.setInt32(OPTION_AT, value, true);
    return libc.setsockopt(this.fd, level, option, this.scratch.address + OPTION_AT, 4) === 0;
  }

  /** First of `count` unused sequence numbers. They restart at 1 long before they run out. */
  takeSequence(count: number): number {
    if (this.sequence > 0x3fff_ffff) this.sequence = 1;
    const first = this.sequence;
    this.sequence += count;
    return first;
  }

  /**
   * Sends the messages in `length` bytes from `offset` to the kernel, which carries them out. 0 or
   * errno.
   */
  send(memory: NativeMemory, offset: number, length: number): number {
    for (let i = 0; i < 8; i++) {
      if (libc.send(this.fd, memory.address + offset, length, 0) >= 0) return 0;
      const reason = errno();
      if (reason !== EINTR) return reason;
    }
    return EINTR;
  }

  /**
   * Receives one datagram of messages. Returns its length; 0 when it did not come from the kernel;
   * or a negative errno: −EAGAIN when there is none (at once with `wait` false, otherwise after the
   * time-out), −ENOBUFS when the kernel had to drop messages: the buffer was full, or one did not
   * fit `received`.
   */
  receive(wait: boolean): number {
    const { view, address } = this.scratch;
    const flags = MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT);
    for (let i = 0; i < 8; i++) {
      view.setUint32(PEER_LENGTH_AT, SOCKADDR_BYTES, true);
      const length = libc.recvfrom(
        this.fd,
        this.received.address,
        RECEIVED_BYTES,
        flags,
        address + PEER_AT,
        address + PEER_LENGTH_AT,
      );
      if (length >= 0) {
        // any process may send to a netlink socket
        if (view.getUint32(PEER_AT + 4, true) !== 0) return 0;
        return length > RECEIVED_BYTES ? -ENOBUFS : length;
      }
      const reason = errno();
      if (reason !== EINTR) return -reason;
    }
    return -EAGAIN;
  }

  /** Discards everything that is queued: after an overflow the rest of an answer is useless. */
  discard(): void {
    for (let i = 0; i < DISCARDED_DATAGRAMS_MAX; i++) if (this.receive(false) === -EAGAIN) return;
  }

  /**
   * Sends the one message in the first `length` bytes and waits for its acknowledgement. Returns 0,
   * errno, or ETIMEDOUT.
   */
  ask(request: NativeMemory, length: number, flags: number): number {
    const sequence = this.takeSequence(1);
    setRequest(request.view, 0, flags | NLM_F_ACK, sequence);
    const refused = this.send(request, 0, length);
    if (refused !== 0) return refused;
    return this.readAnswers(sequence, 1, this.answer) === 0
      ? (this.answer[0] as number)
      : ETIMEDOUT;
  }

  /**
   * Reads the answers to `count` messages with sequence numbers from `firstSequence` on. Only the
   * last one asked for an acknowledgement; the others answer only when they fail. `errnos[i]`
   * becomes the errno of message i, 0 for an acknowledgement, and stays unchanged without an
   * answer. Returns 0, or ETIMEDOUT when the last answer does not come.
   */
  readAnswers(firstSequence: number, count: number, errnos: Int32Array): number {
    const { view } = this.received;
    for (let datagrams = 0; datagrams < ANSWER_DATAGRAMS_MAX; datagrams++) {
      const end = this.receive(true);
      if (end < 0) {
        this.discard();
        return ETIMEDOUT;
      }
      for (let at = 0; ; ) {
        const length = messageLength(view, at, end);
        if (length === 0) break;
        const place = messageSequence(view, at) - firstSequence;
        // Other sequence numbers belong to abandoned requests.
        if (messageType(view, at) === NLMSG_ERROR && place >= 0 && place < count) {
          errnos[place] = messageErrno(view, at, length);
          if (place === count - 1) return 0;
        }
        at = nextMessage(at, length);
      }
    }
    return ETIMEDOUT;
  }

  /**
   * Requests a dump with the message in the first `length` bytes of `request`, and hands its
   * messages to `reader`. Returns 0 or errno: the kernel's, ETIMEDOUT or ENOBUFS when the answer
   * broke off, EAGAIN when changes disturbed several dumps.
   */
  dump(request: NativeMemory, length: number, reader: DumpReader): number {
    for (let i = 0; i < DUMP_TRIES; i++) {
      const sequence = this.takeSequence(1);
      setRequest(request.view, 0, NLM_F_DUMP, sequence);
      const refused = this.send(request, 0, length);
      if (refused !== 0) return refused;
      reader.begin();
      const outcome = this.readDump(sequence, reader);
      if (outcome !== EAGAIN) return outcome;
    }
    return EAGAIN;
  }

  private readDump(sequence: number, reader: DumpReader): number {
    const { view, bytes } = this.received;
    let interrupted = false;
    for (let datagrams = 0; datagrams < DUMP_DATAGRAMS_MAX; datagrams++) {
      const end = this.receive(true);
      if (end < 0) {
        if (end === -EAGAIN) return ETIMEDOUT;
        this.discard();
        return -end;
      }
      for (let at = 0; ; ) {
        const length = messageLength(view, at, end);
        if (length === 0) break;
        if (messageSequence(view, at) === sequence) {
          if ((messageFlags(view, at) & NLM_F_DUMP_INTR) !== 0) interrupted = true;
          const type = messageType(view, at);
          if (type === NLMSG_ERROR) return messageErrno(view, at, length);
          if (type === NLMSG_DONE) return interrupted ? EAGAIN : messageErrno(view, at, length);
          if (type >= NLMSG_MIN_TYPE) reader.message(view, bytes, at, length);
        }
        at = nextMessage(at, length);
      }
    }
    return ETIMEDOUT;
  }

  close(): void {
    libc.close(this.fd);
  }
}
