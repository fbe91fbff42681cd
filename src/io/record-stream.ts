import { socketPair } from "./control-socket.ts";
import { ECONNRESET, EPIPE, errno, SystemError } from "./errno.ts";
import { F_DUPFD_CLOEXEC, libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

/** Longest record that is read whole. */
const RECORD_BYTES_MAX = 2048;

/** Buffer for the last records of a socket that ended; used within one call only. */
const rest = new NativeMemory(RECORD_BYTES_MAX);

/**
 * The supervisor's end of a control socket (SOCK_SEQPACKET) in a process with Bun's event loop:
 * records arrive as callbacks, by epoll. `fs.read` with a callback also works, but each waiting
 * read occupies a thread of Bun's pool. A small machine has two: with two such sockets, no file
 * could be read any more.
 *
 * Set both callbacks in the same turn of the event loop in which the stream is made.
 */
export class RecordStream {
  readonly #fd: number;
  #open = true;
  #socket: Bun.Socket | undefined;
  #record: (record: DataView, length: number) => void = () => {};
  #end: () => void = () => {};

  /**
   * Takes over `fd`: {@link close}, or the end of the other side, closes it. Throws SystemError.
   */
  constructor(fd: number) {
    // Bun closes its descriptor as soon as it sees the end or an error. We keep the original, to
    // send without ever meeting a reused descriptor number, and to read what is still queued after
    // an error.
    const watched = libc.fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (watched < 0) throw new SystemError("fcntl", errno(), `descriptor ${fd}`);
    this.#fd = fd;
    const options: Bun.FdSocketOptions = {
      fd: watched,
      socket: {
        data: (_socket, data) => this.#deliver(data),
        close: () => this.#finish(),
        error: () => {}, // followed by close
      },
    };
    // The type declarations of Bun 1.4 have these options, but not for connect.
    Bun.connect(options as unknown as Bun.UnixSocketOptions).then(
      (socket) => {
        this.#socket = socket;
        if (!this.#open) socket.terminate();
      },
      () => this.#finish(),
    );
  }

  /** The memory of `record` is only valid during the callback. */
  onRecord(callback: (record: DataView, length: number) => void): void {
    this.#record = callback;
  }

  /**
   * Called once, when the other side has closed or died and everything that it sent was delivered;
   * not after {@link close}.
   */
  onEnd(callback: () => void): void {
    this.#end = callback;
  }

  /**
   * Sends all of `record`. Returns 0 or an errno: EAGAIN when the other side's queue is full, EPIPE
   * when it is gone.
   */
  send(record: NativeMemory): number {
    if (!this.#open) return EPIPE;
    if (libc.send(this.#fd, record.address, record.bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
      return 0;
    return errno();
  }

  /** No callback is called afterwards. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    libc.close(this.#fd);
    this.#socket?.terminate();
  }

  #deliver(data: Buffer): void {
    if (this.#open)
      this.#record(new DataView(data.buffer, data.byteOffset, data.byteLength), data.byteLength);
  }

  #finish(): void {
    if (!this.#open) return;
    this.#drain();
    if (!this.#open) return; // closed by a callback
    this.close();
    this.#end();
  }

  /**
   * A process killed with unread records leaves ECONNRESET ahead of its last records, and Bun ends
   * the socket there. Those records tell what happened, so they are read here.
   */
  #drain(): void {
    let resets = 0;
    while (this.#open) {
      const length = libc.recv(this.#fd, rest.address, RECORD_BYTES_MAX, MSG_DONTWAIT);
      if (length > 0) this.#record(new DataView(rest.buffer, 0, length), length);
      else if (length === 0 || errno() !== ECONNRESET || ++resets > 1) return;
    }
  }
}

/**
 * A stream, and the descriptor of its other end for a child process; whoever starts the child
 * closes that descriptor. Throws SystemError without leaving anything open.
 */
export function streamToChild(): [stream: RecordStream, theirs: number] {
  const [ours, theirs] = socketPair();
  try {
    return [new RecordStream(ours), theirs];
  } catch (error) {
    libc.close(ours);
    libc.close(theirs);
    throw error;
  }
}
