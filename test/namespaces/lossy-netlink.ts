/**
 * Netlink answers that do not arrive, or late: by the kernel itself, whose answer finds no room,
 * and by a thin wrapper of the socket's calls, which takes away what the kernel delivered.
 */
import { errno } from "../../src/io/errno.ts";
import { libc, MSG_DONTWAIT, SO_RCVBUF, SOL_SOCKET } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";

const SOCKADDR_BYTES = 12;
/** No longer than an acknowledgement: what has no room for this has none for an answer. */
const JUNK_BYTES = 16;
const LARGE_BYTES = 128 * 1024;

// The length of the name, an option, the name, the datagram.
const OPTION_AT = 4;
const NAME_AT = 8;
const JUNK_AT = 24;

/** The netlink socket that an object of src/io has to itself. */
export function netlinkOf(owner: object, name = "netlink"): NetlinkSocket {
  const socket: unknown = Reflect.get(owner, name);
  if (!(socket instanceof NetlinkSocket)) throw new Error(`${name} is no netlink socket`);
  return socket;
}

export class Losses {
  /** Datagrams of the kernel that were taken away. */
  lost = 0;
  /** Batches and requests that were sent. */
  sent = 0;
  /** How many of the next datagrams are lost. */
  private left = 0;
  /** ms for which the next call of `send` stands still before, and after, the kernel has its due. */
  private stallMs: readonly [before: number, after: number] = [0, 0];

  constructor(socket: NetlinkSocket) {
    const receive = socket.receive.bind(socket);
    const send = socket.send.bind(socket);
    socket.receive = (wait) => {
      for (; this.left > 0; this.left--) {
        const length = receive(wait);
        if (length < 0) return length;
        this.lost++;
      }
      return receive(wait);
    };
    socket.send = (memory, offset, length) => {
      const [beforeMs, afterMs] = this.stallMs;
      this.stallMs = [0, 0];
      this.sent++;
      if (beforeMs > 0) Bun.sleepSync(beforeMs);
      const outcome = send(memory, offset, length);
      if (afterMs > 0) Bun.sleepSync(afterMs);
      return outcome;
    };
  }

  /** The next `count` datagrams that the kernel sends to this socket are lost. */
  lose(count: number): void {
    this.left = count;
  }

  /**
   * The process stands still inside the next call that sends: before the kernel does what is asked
   * (another process has its lock), or when it has done it.
   */
  stall(beforeMs: number, afterMs: number): void {
    this.stallMs = [beforeMs, afterMs];
  }
}

/**
 * Fills the receive buffer of `socket` with datagrams of another process, until the kernel has no
 * room left for an answer of its own: it drops that answer and says ENOBUFS. Call it inside the
 * socket's network namespace. Gives what makes the buffer large again.
 */
export function fillReceiveBuffer(socket: NetlinkSocket, protocol: number): () => void {
  const memory = new NativeMemory(JUNK_AT + JUNK_BYTES);
  const { view, address } = memory;
  view.setUint32(0, SOCKADDR_BYTES, true);
  const nameAt = address + NAME_AT;
  if (libc.getsockname(socket.fd, nameAt, address) !== 0) throw new Error(`errno ${errno()}`);
  const stranger = new NetlinkSocket(protocol, 0, 65_536);
  const resize = (bytes: number): void => {
    view.setInt32(OPTION_AT, bytes, true);
    libc.setsockopt(socket.fd, SOL_SOCKET, SO_RCVBUF, address + OPTION_AT, 4);
  };
  resize(1); // the smallest that the kernel gives
  view.setUint32(JUNK_AT, JUNK_BYTES, true); // struct nlmsghdr: the length of the message
  try {
    let room = 1000;
    const junk = address + JUNK_AT;
    while (libc.sendto(stranger.fd, junk, JUNK_BYTES, MSG_DONTWAIT, nameAt, SOCKADDR_BYTES) >= 0)
      if (--room === 0) throw new Error("a receive buffer without end");
    return () => resize(LARGE_BYTES);
  } finally {
    stranger.close();
  }
}
