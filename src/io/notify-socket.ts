/**
 * Receives the readiness message of a function's process: an sd_notify(3) socket with its own name.
 */
import { randomBytes } from "node:crypto";
import { errno, SystemError } from "./errno.ts";
import { AF_UNIX, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const PATH_AT = 2;
const MESSAGE_BYTES_MAX = 4096;
/** Maximum messages per look: an endless sender is continued at the next look. */
const MESSAGES_MAX = 64;

/**
 * The name is abstract: it needs no file and no right to a directory, so a process of any user can
 * reach it. It cannot be guessed.
 */
export class NotifySocket {
  /** Value for NOTIFY_SOCKET. */
  readonly name = `@wingman-${randomBytes(12).toString("hex")}`;
  readonly #fd: number;
  readonly #message = new NativeMemory(MESSAGE_BYTES_MAX);

  /** Throws a SystemError. */
  constructor() {
    const name = new TextEncoder().encode(this.name);
    const address = new NativeMemory(PATH_AT + name.length);
    address.view.setUint16(0, AF_UNIX, true);
    address.bytes.set(name, PATH_AT);
    address.bytes[PATH_AT] = 0;
    this.#fd = libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (this.#fd < 0) throw new SystemError("socket", errno(), "NOTIFY_SOCKET");
    if (libc.bind(this.#fd, address.address, address.bytes.length) < 0)
      throw new SystemError("bind", errno(), "NOTIFY_SOCKET");
  }

  /** Reads the new messages; whether READY=1 was among them. Never waits. */
  takeReady(): boolean {
    const { address, bytes } = this.#message;
    let isReady = false;
    for (let message = 0; message < MESSAGES_MAX; message++) {
      const length = libc.recv(this.#fd, address, MESSAGE_BYTES_MAX, MSG_DONTWAIT);
      if (length < 0) break;
      const lines = new TextDecoder().decode(bytes.subarray(0, length)).split("\n");
      isReady ||= lines.includes("READY=1");
    }
    return isReady;
  }

  close(): void {
    libc.close(this.#fd);
  }
}
