/** A service manager, as daemons in a virtual network see it. */
import { AF_UNIX, libc, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_DGRAM } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import type { Host } from "./virtual-network.ts";

/** Fed three times in this time. */
export const WATCHDOG_MS = 1500;

/** A socket as systemd's, with a name in the abstract name space of the host. */
export class ServiceManager {
  readonly heard: string[] = [];
  readonly #name = `wingman-test-${process.pid}`;
  readonly #received = new NativeMemory(512);
  readonly #fd: number;

  constructor(host: Host) {
    const address = new NativeMemory(3 + this.#name.length);
    address.view.setUint16(0, AF_UNIX, true);
    address.bytes.set(new TextEncoder().encode(this.#name), 3);
    this.#fd = host.inside(() => libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (libc.bind(this.#fd, address.address, address.bytes.length) !== 0) throw new Error("bind");
  }

  get environment(): Record<string, string> {
    return { NOTIFY_SOCKET: `@${this.#name}`, WATCHDOG_USEC: String(WATCHDOG_MS * 1000) };
  }

  /** Takes what has come. */
  listen(): this {
    for (;;) {
      const length = libc.recv(this.#fd, this.#received.address, 512, MSG_DONTWAIT);
      if (length < 0) return this;
      this.heard.push(new TextDecoder().decode(this.#received.bytes.slice(0, length)));
    }
  }

  count(line: string): number {
    return this.listen().heard.filter((datagram) => datagram.split("\n").includes(line)).length;
  }

  get status(): string | undefined {
    return this.listen()
      .heard.flatMap((datagram) => datagram.split("\n"))
      .findLast((line) => line.startsWith("STATUS="));
  }

  close(): void {
    libc.close(this.#fd);
  }
}
