import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { assert } from "../assert.ts";
import { ECONNRESET, ENAMETOOLONG, errno, SystemError } from "./errno.ts";
import {
  AF_UNIX,
  libc,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  MSG_TRUNC,
  SO_SNDBUF,
  SO_SNDBUFFORCE,
  SO_TYPE,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_SEQPACKET,
  SOL_SOCKET,
} from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/** Longest record. A longer one is received as its length, which no decoder accepts. */
const RECORD_BYTES_MAX = 256;

/** sockaddr_un: u16 family, then the path with its terminating zero. */
const SOCKADDR_UN_BYTES = 110;
const SOCKADDR_UN_PATH_AT = 2;
const PATH_BYTES_MAX = 107;

/** Where the length of the sender's address lies behind it. */
const SENDER_LENGTH_AT = 112;

/**
 * The kernel counts about 768 bytes for a small record: room for 8 records of each of 1,024
 * functions.
 */
const SEND_BUFFER_BYTES = 4 << 20;

const DO_NOT_WAIT = MSG_DONTWAIT | MSG_NOSIGNAL;

/** Sockets that this process has asked with: each has a path of its own. */
let questions = 0;

/** What {@link RecordSocket.receive} returns when nothing has arrived. */
export const NOTHING_RECEIVED = -1;

/**
 * A Unix socket that carries records, one in a message; it never blocks. The engine has two:
 * towards its supervisor ({@link inherited}) and towards the commands `drain` and `resume` ({@link
 * bound}), which are at the other end with {@link connected}.
 */
export class RecordSocket {
  /** The last record that was received, from its first byte on. */
  readonly received = new NativeMemory(RECORD_BYTES_MAX);
  readonly #sender = new NativeMemory(SENDER_LENGTH_AT + 4);
  readonly #senderLengthAddress = this.#sender.address + SENDER_LENGTH_AT;
  /**
   * Bytes of the last sender's address; kept apart, because an attempt that receives nothing must
   * not spoil it.
   */
  #senderLength = 0;

  private constructor(
    readonly fd: number,
    /** Path to remove with the socket; "" for none. */
    private readonly ownPath = "",
  ) {}

  /**
   * The end of a {@link socketPair} that the parent process handed down as descriptor `fd`. Throws
   * SystemError when it is no such thing.
   */
  static inherited(fd: number): RecordSocket {
    const option = new NativeMemory(8); // i32 type, u32 its length
    option.view.setUint32(4, 4, true);
    const result = libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, option.address, option.address + 4);
    if (result < 0) throw new SystemError("getsockopt", errno(), `descriptor ${fd}`);
    assert(
      option.view.getInt32(0, true) === SOCK_SEQPACKET,
      "the inherited control socket carries records",
    );
    return new RecordSocket(fd);
  }

  /**
   * A SOCK_DGRAM socket at `path` for the owner alone (mode 0600). A socket that an earlier process
   * left there is replaced, but no other kind of file: then bind fails. Throws SystemError.
   */
  static bound(path: string): RecordSocket {
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket())
      libc.unlink(nativeString(path).address);
    const address = socketAddress(path);
    const fd = datagramSocket();
    // The file takes its mode from the descriptor, so that there is no instant at which it has
    // another one.
    if (libc.fchmod(fd, 0o600) < 0) throw closing(fd, "fchmod", errno(), path);
    if (libc.bind(fd, address.address, SOCKADDR_UN_BYTES) < 0)
      throw closing(fd, "bind", errno(), path);
    return new RecordSocket(fd);
  }

  /**
   * A socket to ask the one bound at `path`, which answers to a path beside it: an address that the
   * kernel makes up would hold in one network namespace only. Close it, so that this path goes.
   * Throws SystemError, ENOENT or ECONNREFUSED when nobody is there.
   */
  static connected(path: string): RecordSocket {
    const address = socketAddress(path);
    const ownPath = join(dirname(path), `r${process.pid}.${questions++}`);
    const fd = datagramSocket();
    if (libc.connect(fd, address.address, SOCKADDR_UN_BYTES) < 0)
      throw closing(fd, "connect", errno(), path);
    libc.unlink(nativeString(ownPath).address); // of an earlier process with our number
    if (libc.bind(fd, socketAddress(ownPath).address, SOCKADDR_UN_BYTES) < 0) {
      throw closing(fd, "bind", errno(), ownPath);
    }
    return new RecordSocket(fd, ownPath);
  }

  /**
   * Sends the whole of `record` to the other end (not for a bound socket). 0, or an errno: EAGAIN
   * when its queue is full, EPIPE when it is gone.
   */
  send(record: NativeMemory): number {
    return libc.send(this.fd, record.address, record.bytes.length, DO_NOT_WAIT) < 0 ? errno() : 0;
  }

  /**
   * Sends the whole of `record` to whom the last received record came from (for a bound socket). 0,
   * or an errno: ENOENT when it is gone.
   */
  reply(record: NativeMemory): number {
    const sent = libc.sendto(
      this.fd,
      record.address,
      record.bytes.length,
      DO_NOT_WAIT,
      this.#sender.address,
      this.#senderLength,
    );
    return sent < 0 ? errno() : 0;
  }

  /**
   * Takes one record into {@link received} and returns its length, more than the memory's when it
   * was longer; {@link NOTHING_RECEIVED}; or 0: the other end is gone (for a datagram socket: an
   * empty record).
   */
  receive(): number {
    let length = this.#receiveOnce();
    // A peer that dies with unread records leaves this error once, before the records that it had
    // sent.
    if (length < 0 && errno() === ECONNRESET) length = this.#receiveOnce();
    if (length >= 0) this.#senderLength = this.#sender.view.getUint32(SENDER_LENGTH_AT, true);
    return length;
  }

  close(): void {
    libc.close(this.fd);
    if (this.ownPath !== "") libc.unlink(nativeString(this.ownPath).address);
  }

  #receiveOnce(): number {
    this.#sender.view.setUint32(SENDER_LENGTH_AT, SOCKADDR_UN_BYTES, true);
    return libc.recvfrom(
      this.fd,
      this.received.address,
      RECORD_BYTES_MAX,
      MSG_DONTWAIT | MSG_TRUNC,
      this.#sender.address,
      this.#senderLengthAddress,
    );
  }
}

/**
 * Two connected SOCK_SEQPACKET sockets, close-on-exec, one for this process and one to hand down.
 * Sends on either find room for thousands of records where the process is privileged, else for what
 * the system allows. Throws SystemError.
 */
export function socketPair(): [number, number] {
  const pair = new NativeMemory(8);
  if (libc.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.address) < 0) {
    throw new SystemError("socketpair", errno());
  }
  const ours = pair.view.getInt32(0, true);
  const theirs = pair.view.getInt32(4, true);
  enlargeSendBuffer(ours);
  enlargeSendBuffer(theirs);
  return [ours, theirs];
}

function enlargeSendBuffer(fd: number): void {
  const bytes = new NativeMemory(4);
  bytes.view.setInt32(0, SEND_BUFFER_BYTES, true);
  const privileged = libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes.address, 4) === 0;
  const enlarged = privileged || libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, bytes.address, 4) === 0;
  assert(
    enlarged,
    "a socket takes a buffer size: one that is too large is cut to the system's limit",
  );
}

function datagramSocket(): number {
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw new SystemError("socket", errno(), "Unix datagram");
  return fd;
}

/** sockaddr_un of `path`. Throws SystemError ENAMETOOLONG. */
function socketAddress(path: string): NativeMemory {
  const encoded = new TextEncoder().encode(path);
  if (encoded.length > PATH_BYTES_MAX) {
    throw new SystemError(
      "bind",
      ENAMETOOLONG,
      `${path} has ${encoded.length} bytes, a socket at most ${PATH_BYTES_MAX}`,
    );
  }
  const address = new NativeMemory(SOCKADDR_UN_BYTES);
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(encoded, SOCKADDR_UN_PATH_AT);
  return address;
}

/** Closes the descriptor of a socket that could not be set up; returns the error to throw. */
function closing(fd: number, call: string, error: number, detail?: string): SystemError {
  libc.close(fd);
  return new SystemError(call, error, detail);
}
