/**
 * Netlink answers that do not arrive, or late: by the kernel itself, whose answer finds no room,
 * and by a thin wrapper of the socket's calls, which takes away what the kernel delivered.
 */
import { errno } from "../../src/io/errno.ts";
import { libc, MSG_DONTWAIT, SO_RCVBUF, SOL_SOCKET } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { NetlinkSocket } from "../../src/io/netlink-socket.ts";
import { messageType } from "../../src/wire/rtnetlink.ts";

const SOCKADDR_BYTES = 12;
/** No longer than an acknowledgement: what has no room for this has none for an answer. */
const JUNK_BYTES = 16;
const JUNK_MAX = 1000;
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
  /** Type of the first message of each request and batch that was sent. */
  readonly sent: number[] = [];
  /** Answers are lost to the sendings from this one on, and no longer to this one. */
  private from = 0;
  private to = 0;
  /** Datagrams that were held back, and those of them that arrive now. */
  private held: Uint8Array[] | null = null;
  private late: Uint8Array[] = [];
  /** What happens inside the next sending before, and after, the kernel has had its due. */
  private before: (type: number) => void = nothing;
  private after: () => void = nothing;
  /** An event, or a received datagram, after this many more datagrams. */
  private datagramsLeft = Number.POSITIVE_INFINITY;
  private interruption: () => number | undefined = () => undefined;

  constructor(socket: NetlinkSocket) {
    const receive = socket.receive.bind(socket);
    const send = socket.send.bind(socket);
    socket.receive = (wait) => {
      const late = this.late.shift();
      if (late !== undefined) {
        socket.received.bytes.set(late);
        return late.length;
      }
      if (this.datagramsLeft-- === 0) {
        const instead = this.interruption();
        if (instead !== undefined) return instead;
      }
      while (this.sent.length > this.from && this.sent.length <= this.to) {
        const length = receive(wait);
        if (length < 0) return length;
        this.held?.push(socket.received.bytes.slice(0, length));
        this.lost++;
      }
      return receive(wait);
    };
    socket.send = (memory, offset, length) => {
      const { before, after } = this;
      this.before = nothing;
      this.after = nothing;
      const type = messageType(memory.view, offset);
      this.sent.push(type);
      before(type);
      const outcome = send(memory, offset, length);
      after();
      return outcome;
    };
  }

  /** The answers to the next `count` sendings are lost, the first `after` of them spared. */
  lose(count: number, after = 0): void {
    this.from = this.sent.length + after;
    this.to = this.from + count;
  }

  /**
   * Answers are held back until the function that it gives is called: then they arrive, too late.
   */
  delay(): () => void {
    this.held = [];
    this.lose(Number.POSITIVE_INFINITY);
    return () => {
      this.late = this.held ?? [];
      this.held = null;
      this.lose(0);
    };
  }

  /**
   * Events while the process is stalled inside its next sending call: before the kernel executes
   * the request (another process has its lock), or after it.
   */
  whileSending(before: (type: number) => void, after: () => void = nothing): void {
    this.before = before;
    this.after = after;
  }

  /** `act` happens when `datagrams` more were read; what it gives, as an errno, is read instead. */
  interrupt(datagrams: number, act: () => number | undefined): void {
    this.datagramsLeft = datagrams;
    this.interruption = act;
  }
}

function nothing(): void {}

/** What any process may send to a netlink socket. */
class Junk {
  private readonly memory = new NativeMemory(JUNK_AT + JUNK_BYTES);
  private readonly stranger: NetlinkSocket;

  constructor(
    private readonly socket: NetlinkSocket,
    protocol: number,
  ) {
    const { view, address } = this.memory;
    view.setUint32(0, SOCKADDR_BYTES, true);
    if (libc.getsockname(socket.fd, address + NAME_AT, address) !== 0)
      throw new Error(`errno ${errno()}`);
    view.setUint32(JUNK_AT, JUNK_BYTES, true); // struct nlmsghdr: the length of the message
    this.stranger = new NetlinkSocket(protocol, 0, 65_536);
  }

  /** Whether there was room for it. */
  send(): boolean {
    const { address } = this.memory;
    const [junk, name] = [address + JUNK_AT, address + NAME_AT];
    const { fd } = this.stranger;
    return libc.sendto(fd, junk, JUNK_BYTES, MSG_DONTWAIT, name, SOCKADDR_BYTES) >= 0;
  }

  resize(bytes: number): void {
    this.memory.view.setInt32(OPTION_AT, bytes, true);
    const option = this.memory.address + OPTION_AT;
    libc.setsockopt(this.socket.fd, SOL_SOCKET, SO_RCVBUF, option, 4);
  }

  close(): void {
    this.stranger.close();
  }
}

/**
 * Fills the receive buffer of `socket` with datagrams of another process, until the kernel has no
 * room for its own answer: it drops that answer and reports ENOBUFS. Call it inside the socket's
 * network namespace. Returns a function that makes the buffer large again.
 */
export function fillReceiveBuffer(socket: NetlinkSocket, protocol: number): () => void {
  const junk = new Junk(socket, protocol);
  junk.resize(1); // the smallest that the kernel gives
  for (let room = JUNK_MAX; junk.send(); room--) {
    if (room === 0) throw new Error("a receive buffer without end");
  }
  junk.close();
  return () => junk.resize(LARGE_BYTES);
}

/** Another process sends `count` datagrams to `socket`, before whatever it asks for next. */
export function disturb(socket: NetlinkSocket, protocol: number, count: number): void {
  const junk = new Junk(socket, protocol);
  for (let sent = 0; sent < count; sent++) if (!junk.send()) throw new Error(`errno ${errno()}`);
  junk.close();
}
