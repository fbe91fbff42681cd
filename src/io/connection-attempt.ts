import { errno, SystemError } from "./errno.ts";
import { AF_INET, libc, SOCK_CLOEXEC, SOCK_NONBLOCK } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const SOCK_STREAM = 1;
const EISCONN = 106;
const EALREADY = 114;
const EINPROGRESS = 115;

/**
 * struct sockaddr_in: u16 family, u16 port and 4 bytes of address in network order, 8 bytes of
 * zero. Used within one call only.
 */
const SOCKADDR_IN_BYTES = 16;
const address = new NativeMemory(SOCKADDR_IN_BYTES);

/**
 * A TCP connection that is asked for and not waited for. Not by the runtime's own sockets: they
 * report every failure as a refusal, and a refusal, which only a living host can send, is what is
 * looked for.
 */
export class ConnectionAttempt {
  readonly #fd: number;

  /** @param host four bytes. Throws SystemError when there is no socket. */
  constructor(
    private readonly host: Uint8Array,
    private readonly port: number,
  ) {
    this.#fd = libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new SystemError("socket", errno(), "TCP");
  }

  /**
   * 0: connected; null: not decided yet; else why not (ECONNREFUSED, EHOSTUNREACH, …). The first
   * call begins it.
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
