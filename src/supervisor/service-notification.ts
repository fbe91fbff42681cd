/** The service manager's protocol (sd_notify(3)): one datagram of `KEY=value` lines to the socket that NOTIFY_SOCKET names. */
import { errno, SystemError } from "../io/errno.ts";
import { AF_UNIX, libc, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_DGRAM } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";

const SOCKADDR_UN_PATH_AT = 2;
const PATH_BYTES_MAX = 108;
const MESSAGE_BYTES_MAX = 512;

/** Tells the service manager what the daemon does; does nothing when no service manager asked for it. */
export class ServiceNotification {
  readonly #address: NativeMemory | null;
  readonly #message = new NativeMemory(MESSAGE_BYTES_MAX);
  readonly #fd: number = -1;

  /**
   * @param socket the value of NOTIFY_SOCKET: a path, or `@name` for a name in the abstract name space
   * @throws SystemError when no socket can be made; Error when the address is none
   */
  constructor(socket: string | undefined) {
    if (socket === undefined || socket === "") {
      this.#address = null;
      return;
    }
    this.#address = addressOf(socket);
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new SystemError("socket", errno(), "NOTIFY_SOCKET");
  }

  ready(status: string): void {
    this.#send(`READY=1\nSTATUS=${status}`);
  }

  status(status: string): void {
    this.#send(`STATUS=${status}`);
  }

  stopping(): void {
    this.#send("STOPPING=1\nSTATUS=leaving");
  }

  /** Not retried, and failures are not reported: a service manager that does not listen must not disturb the daemon. */
  #send(text: string): void {
    if (this.#address === null) return;
    const { written } = new TextEncoder().encodeInto(text, this.#message.bytes);
    const { address, bytes } = this.#address;
    libc.sendto(this.#fd, this.#message.address, written, MSG_DONTWAIT | MSG_NOSIGNAL, address, bytes.length);
  }
}

/** sockaddr_un, exactly as long as the name: the length tells where an abstract name ends. */
function addressOf(socket: string): NativeMemory {
  const name = new TextEncoder().encode(socket);
  const abstract = socket.startsWith("@");
  if (!abstract && !socket.startsWith("/")) {
    throw new Error(`NOTIFY_SOCKET: found ${JSON.stringify(socket)}, expected an absolute path or @name`);
  }
  if (name.length >= PATH_BYTES_MAX) throw new Error(`NOTIFY_SOCKET: longer than ${PATH_BYTES_MAX - 1} bytes`);
  const address = new NativeMemory(SOCKADDR_UN_PATH_AT + name.length + (abstract ? 0 : 1));
  address.view.setUint16(0, AF_UNIX, true);
  address.bytes.set(name, SOCKADDR_UN_PATH_AT);
  if (abstract) address.bytes[SOCKADDR_UN_PATH_AT] = 0;
  return address;
}
