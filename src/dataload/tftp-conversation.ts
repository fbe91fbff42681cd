/**
 * One transfer's socket: packets to and from one port of one address, its transfer identifier (RFC
 * 1350, section 4). Packets from elsewhere are answered with an unknown-identifier error, or not at
 * all.
 */
import { TftpError } from "./tftp-error.ts";
import { decodeTftp, encodeError, TFTP_ERROR_UNKNOWN_TID, type TftpPacket } from "./tftp-packet.ts";

/** Packets that wait to be processed: in lockstep there is one, and possibly a duplicate. */
const WAITING_MAX = 8;

/** The other end; for a client the server's port, until it has answered from another one. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

export class Conversation {
  readonly #waiting: TftpPacket[] = [];
  #socket: Bun.udp.Socket<"buffer"> | null = null;
  #port: number;
  #wake: (() => void) | null = null;
  #isClosed = false;

  private constructor(
    private readonly place: Place,
    /** The server answers from its own port. */
    private isPortKnown: boolean,
    private readonly signal: AbortSignal,
  ) {
    this.#port = place.port;
  }

  /**
   * @param own address to send from
   * @param signal ends the conversation: a waiting call throws TftpError `stopped`
   * @throws Error when no socket is available
   */
  static async open(
    own: string,
    place: Place,
    isPortKnown: boolean,
    signal: AbortSignal,
  ): Promise<Conversation> {
    const made = new Conversation(place, isPortKnown, signal);
    made.#socket = await Bun.udpSocket({
      hostname: own,
      port: 0,
      socket: {
        data: (_socket, bytes, port, address) => made.#take(bytes, port, address),
        // such as ICMP: a port without a listener is silence, too
        error: () => {},
      },
    });
    signal.addEventListener("abort", made.#onAbort);
    return made;
  }

  send(packet: Uint8Array): void {
    this.#sendTo(packet, this.#port, this.place.address);
  }

  /**
   * The next packet; null when none comes within `timeoutMs`.
   * @throws TftpError `stopped`; `refused` when the other end has sent an error
   */
  async receive(timeoutMs: number): Promise<TftpPacket | null> {
    if (this.#waiting.length === 0 && !this.signal.aborted) await this.#somethingWithin(timeoutMs);
    if (this.signal.aborted) throw new TftpError("stopped", "the operation is over");
    const packet = this.#waiting.shift() ?? null;
    if (packet?.kind === "error") throw new TftpError("refused", packet.message, packet.code);
    return packet;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.signal.removeEventListener("abort", this.#onAbort);
    this.#socket?.close();
  }

  async #somethingWithin(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.#wake = null;
  }

  #onAbort = (): void => this.#wake?.();

  #take(bytes: Uint8Array, port: number, address: string): void {
    if (this.#isClosed || address !== this.place.address) return;
    if (this.isPortKnown && port !== this.#port) {
      this.#sendTo(encodeError(TFTP_ERROR_UNKNOWN_TID, "unknown transfer"), port, address);
      return;
    }
    const packet = decodeTftp(bytes);
    if (packet === null || packet.kind === "read" || packet.kind === "write") return;
    if (this.#waiting.length >= WAITING_MAX) return;
    this.isPortKnown = true;
    this.#port = port;
    this.#waiting.push(packet);
    this.#wake?.();
  }

  /** A packet that cannot be sent is lost, like on the wire. */
  #sendTo(packet: Uint8Array, port: number, address: string): void {
    if (this.#isClosed) return;
    try {
      this.#socket?.send(packet, port, address);
    } catch {
      // no network: silence will end the transfer
    }
  }
}
