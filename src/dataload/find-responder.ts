/**
 * Answers FIND. A socket at an address gets no broadcasts, so there is one for each: own address,
 * broadcast address of its network, and 255.255.255.255. Answers leave from the own address, and
 * only into its network: a request from elsewhere may have a forged source.
 */
import { encodeFindAnswer, type FoundTarget, isFindRequest } from "./find-packet.ts";
import type { ListenAddress } from "./listen-address.ts";

const EVERYBODY = "255.255.255.255";

export class FindResponder {
  readonly #sockets: Bun.udp.Socket<"buffer">[] = [];
  #own: Bun.udp.Socket<"buffer"> | null = null;

  private constructor(
    private readonly listen: ListenAddress,
    private readonly answer: Uint8Array,
  ) {}

  /** @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL or EACCES */
  static async start(
    listen: ListenAddress,
    port: number,
    target: FoundTarget,
  ): Promise<FindResponder> {
    const responder = new FindResponder(listen, encodeFindAnswer(target));
    const { address, broadcast } = listen;
    try {
      for (const hostname of [address, ...(broadcast === null ? [] : [broadcast]), EVERYBODY]) {
        const socket = await Bun.udpSocket({
          hostname,
          port,
          socket: {
            data: (_socket, bytes, fromPort, from) => responder.#take(bytes, fromPort, from),
            error: () => {},
          },
        });
        responder.#own ??= socket;
        responder.#sockets.push(socket);
      }
    } catch (error) {
      responder.stop();
      throw error;
    }
    return responder;
  }

  stop(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
    this.#own = null;
  }

  #take(bytes: Uint8Array, port: number, from: string): void {
    if (!this.listen.includes(from) || !isFindRequest(bytes)) return;
    try {
      this.#own?.send(this.answer, port, from);
    } catch {
      // lost, like on the wire
    }
  }
}
