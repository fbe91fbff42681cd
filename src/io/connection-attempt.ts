import { errno, SystemError } from "./errno.ts";
import { AF_INET, libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const SOCK_STREAM = 1;
const EISCONN = 106;
const EALREADY = 114;
const EINPROGRESS = 115;

/**
 * struct sockaddr_in: u16 family, u16 port and 4 address bytes in network order, 8 zero bytes. Used
 * within one call only.
 */
const SOCKADDR_IN_BYTES = 16;
const address = new NativeMemory(SOCKADDR_IN_BYTES);

/**
 * A non-blocking TCP connection attempt. It does not use the runtime's sockets: they report every
 * failure as a refusal. Here the refusal is what matters, because only a living host can send it.
 */
export class ConnectionAttempt {
  readonly #fd: number;

  /** @param host four bytes. Throws SystemError when no socket is available. */
  constructor(
    private readonly host: Uint8Array,
    private readonly port: number,
  ) {
    this.#fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new SystemError("socket", errno(), "TCP");
  }

  /**
   * Result: 0 connected; null undecided; otherwise the errno (ECONNREFUSED, EHOSTUNREACH, …). The
   * first call starts the attempt.
   */
  look(): number | null {
    address.view.setUint16(0, AF_INET, true);
    address.view.setUint16(2, this.port);
    address.bytes.set(this.host, 4);
    if (libc.connect(this.#fd, address.address, SOCKADDR_IN_BYTES) === 0) return 0;
    const error = errno();
    if (error === EINPROGRESS || error === EALREADY) return null;
    return error === EISCONN ? 0 : error;
  }

  close(): void {
    libc.close(this.#fd);
  }
}
