/** The service manager's socket, named by NOTIFY_SOCKET: a Unix datagram socket (sd_notify(3)). */
import { errno, SystemError } from "./errno.ts";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const SOCKADDR_UN_PATH_AT = 2;
const PATH_BYTES_MAX = 108;

/**
 * Sends to the service manager; never waits. Not connected: a restarted service manager binds the
 * same name again.
 */
export class ServiceSocket {
  readonly #address: NativeMemory;
  readonly #fd: number;

  /**
   * @param name the value of NOTIFY_SOCKET: a path, or `@name` in the abstract name space of our
   * network namespace
   * @throws SystemError when no socket can be made; Error when the name is invalid
   */
  constructor(name: string) {
    this.#address = addressOf(name);
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new SystemError("socket", errno(), "NOTIFY_SOCKET");
  }

  /**
   * Sends the first `length` bytes. Returns 0 or an errno: EAGAIN when its queue is full,
   * ECONNREFUSED or ENOENT when nobody listens. Makes no garbage.
   */
  send(message: NativeMemory, length: number): number {
    const address = this.#address;
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = libc.sendto(
      this.#fd,
      message.address,
      length,
      flags,
      address.address,
      address.bytes.length,
    );
    return sent < 0 ? errno() : 0;
  }
}

/** sockaddr_un, exactly as long as the name: the length marks the end of an abstract name. */
function addressOf(socket: string): NativeMemory {
  const name = new TextEncoder().encode(socket);
  const abstract = socket.startsWith("@");
  if (!abstract && !socket.startsWith("/")) {
    throw new Error(
      `NOTIFY_SOCKET: found ${JSON.stringify(socket)}, expected an absolute path or @name`,
    );
  }
  if (name.length >= PATH_BYTES_MAX)
    throw new Error(`NOTIFY_SOCKET: longer than ${PATH_BYTES_MAX - 1} bytes`);
  const address = new NativeMemory(SOCKADDR_UN_PATH_AT + name.length + (abstract ? 0 : 1));
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(name, SOCKADDR_UN_PATH_AT);
  if (abstract) address.bytes[SOCKADDR_UN_PATH_AT] = 0;
  return address;
}
