/**
 * One transfer's socket: packets to and from one port of one address, its transfer identifier (RFC
 * 1350, section 4). Everybody else is told that the identifier is unknown, or nothing.
 */
import { TftpError } from "./tftp-error.ts";
import { decodeTftp, encodeError, TFTP_ERROR_UNKNOWN_TID, type TftpPacket } from "./tftp-packet.ts";

/** Packets that wait to be looked at: in lockstep there is one, and another that was sent twice. */
const WAITING_MAX = 8;

/** The other end: of a client the port of the server, until that has answered from another one. */
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
    /** The server answers from a port of its own. */
    private isPortKnown: boolean,
    private readonly signal: AbortSignal,
  ) {
    this.#port = place.port;
  }

  /**
   * @param own address that it talks from
   * @param signal ends it: whoever waits gets a TftpError `stopped`
   * @throws Error when no socket can be had
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
        // such as ICMP: a port that nobody listens at is silence, too
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
   * The next packet; null: none within `timeoutMs`.
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

  /** What cannot be sent is lost, as on the wire. */
  #sendTo(packet: Uint8Array, port: number, address: string): void {
    if (this.#isClosed) return;
    try {
      this.#socket?.send(packet, port, address);
    } catch {
      // the network is not there: silence will end it
    }
  }
}
