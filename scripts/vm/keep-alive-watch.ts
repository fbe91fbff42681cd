/** Observes the keep-alives of one machine at its tap: from outside, like a switch. */
import { ETHER_TYPE_ALL, PacketSocket } from "../../src/io/packet-socket.ts";
import {
  ETHER_TYPE_IPV4,
  FRAME_PORT_AT,
  FRAME_SOURCE_HARDWARE_AT,
} from "../../src/wire/keep-alive-frame.ts";
import { KEEP_ALIVE_PORT, macOf, type ServerId } from "./aircraft.ts";
import { tapOf } from "./machine-network.ts";

const ETHER_TYPE_AT = 12;
const POLL_MS = 2;

export class KeepAliveWatch {
  readonly #socket: PacketSocket;
  readonly #mac: string;

  constructor(server: ServerId, network: 0 | 1) {
    this.#socket = new PacketSocket(tapOf(server, network), ETHER_TYPE_ALL);
    this.#mac = macOf(server, network).replaceAll(":", "");
  }

  /** Forgets what has arrived. */
  clear(): void {
    while (this.#socket.receive() >= 0);
  }

  /** When the next one was seen, by performance.now(); null when none came within `limitMs`. */
  async next(limitMs: number): Promise<number | null> {
    const endMs = performance.now() + limitMs;
    while (performance.now() < endMs) {
      for (let length = this.#socket.receive(); length >= 0; length = this.#socket.receive())
        if (this.#isKeepAlive(length)) return performance.now();
      await Bun.sleep(POLL_MS);
    }
    return null;
  }

  close(): void {
    this.#socket.close();
  }

  #isKeepAlive(length: number): boolean {
    const { bytes, view } = this.#socket.received;
    const at = FRAME_SOURCE_HARDWARE_AT;
    return (
      length > FRAME_PORT_AT + 2 &&
      view.getUint16(ETHER_TYPE_AT) === ETHER_TYPE_IPV4 &&
      view.getUint16(FRAME_PORT_AT) === KEEP_ALIVE_PORT &&
      Buffer.from(bytes.subarray(at, at + 6)).toString("hex") === this.#mac
    );
  }
}
