/**
 * A TFTP server for a handful of small files. {@link TftpAnswers} decide what may be read and
 * written; each transfer has its own socket.
 */
import { LOAD_LIST_BYTES_MAX, LOAD_TRANSFERS_MAX } from "../limits.ts";
import { Conversation, type Place } from "./tftp-conversation.ts";
import { TftpError } from "./tftp-error.ts";
import { accept } from "./tftp-options.ts";
import {
  decodeTftp,
  encodeAck,
  encodeError,
  encodeOptions,
  TFTP_ERROR_FULL,
  TFTP_ERROR_ILLEGAL,
  TFTP_ERROR_OTHER,
  type TftpRequest,
} from "./tftp-packet.ts";
import { ask, dally, isAck, receiveBlocks, sendBlocks, type TftpTimes } from "./tftp-transfer.ts";

/** Refusal of a request: an error packet. */
export interface TftpRefusal {
  readonly code: number;
  readonly message: string;
}

/** @param error why the transfer failed; null when it completed */
type AtEnd = (error: TftpError | null) => void;

export interface TftpAnswers {
  /** `ended` is called in any case. */
  read(request: TftpRequest, from: Place): TftpRefusal | { content: Uint8Array; ended?: AtEnd };
  /** `taken` receives the whole file. */
  write(request: TftpRequest, from: Place): TftpRefusal | { taken(content: Uint8Array): void };
}

export interface TftpServerParts {
  readonly address: string;
  readonly port: number;
  readonly times: TftpTimes;
  readonly answers: TftpAnswers;
}

export class TftpServer {
  readonly #stop = new AbortController();
  /** Current transfers: who asks, and for what. */
  readonly #transfers = new Set<string>();
  #socket: Bun.udp.Socket<"buffer"> | null = null;

  private constructor(private readonly parts: TftpServerParts) {}

  /** @throws Error with `code` EADDRINUSE, EADDRNOTAVAIL or EACCES */
  static async start(parts: TftpServerParts): Promise<TftpServer> {
    const server = new TftpServer(parts);
    server.#socket = await Bun.udpSocket({
      hostname: parts.address,
      port: parts.port,
      socket: {
        data: (_socket, bytes, port, address) => server.#take(bytes, { address, port }),
        error: () => {},
      },
    });
    return server;
  }

  stop(): void {
    this.#stop.abort();
    this.#socket?.close();
    this.#socket = null;
  }

  #take(bytes: Uint8Array, from: Place): void {
    const request = decodeTftp(bytes);
    // Anything but a request is not answered: it may be an answer itself.
    if (request === null || (request.kind !== "read" && request.kind !== "write")) return;
    const transfer = `${from.address} ${from.port} ${request.kind} ${request.file}`;
    if (this.#transfers.has(transfer)) return; // a duplicate; the answer is under way
    if (request.mode !== "octet") {
      const message = `found mode ${request.mode}, expected octet`;
      this.#refuse(from, { code: TFTP_ERROR_ILLEGAL, message });
      return;
    }
    if (this.#transfers.size >= LOAD_TRANSFERS_MAX) {
      this.#refuse(from, { code: TFTP_ERROR_OTHER, message: "WAIT:5" });
      return;
    }
    this.#transfers.add(transfer);
    void this.#carryOut(request, from).finally(() => this.#transfers.delete(transfer));
  }

  async #carryOut(request: TftpRequest, from: Place): Promise<void> {
    const { answers } = this.parts;
    if (request.kind === "read") {
      const answer = answers.read(request, from);
      if ("code" in answer) {
        this.#refuse(from, answer);
        return;
      }
      const error = await this.#talk(from, (conversation) =>
        this.#send(conversation, request, answer.content),
      );
      answer.ended?.(error);
    } else {
      const answer = answers.write(request, from);
      if ("code" in answer) {
        this.#refuse(from, answer);
        return;
      }
      await this.#talk(from, async (conversation) => {
        const [content, last] = await this.#receive(conversation, request);
        answer.taken(content);
        await dally(conversation, last, this.parts.times);
      });
    }
  }

  async #talk(
    from: Place,
    transfer: (conversation: Conversation) => Promise<void>,
  ): Promise<TftpError | null> {
    let conversation: Conversation | null = null;
    try {
      conversation = await Conversation.open(this.parts.address, from, true, this.#stop.signal);
      await transfer(conversation);
      return null;
    } catch (error) {
      return error instanceof TftpError ? error : new TftpError("local", (error as Error).message);
    } finally {
      conversation?.close();
    }
  }

  async #send(
    conversation: Conversation,
    request: TftpRequest,
    content: Uint8Array,
  ): Promise<void> {
    const { agreement, answer } = accept(request.options, content.length);
    const times = timesOf(this.parts.times, agreement.timeoutMs);
    if (answer.size > 0) await ask(conversation, encodeOptions(answer), isAck(0), times);
    await sendBlocks(conversation, content, agreement, times);
  }

  async #receive(
    conversation: Conversation,
    request: TftpRequest,
  ): Promise<[content: Uint8Array, last: Uint8Array]> {
    const { agreement, answer } = accept(request.options, null);
    const { sizeBytes } = agreement;
    if (sizeBytes !== null && sizeBytes > LOAD_LIST_BYTES_MAX) {
      const message = `found ${sizeBytes} bytes, expected at most ${LOAD_LIST_BYTES_MAX}`;
      conversation.send(encodeError(TFTP_ERROR_FULL, message));
      throw new TftpError("local", message, TFTP_ERROR_FULL);
    }
    const blocks: Uint8Array[] = [];
    let bytes = 0;
    const sink = {
      write: (content: Uint8Array): void => {
        bytes += content.length;
        if (bytes > LOAD_LIST_BYTES_MAX)
          throw new TftpError("local", `more than ${LOAD_LIST_BYTES_MAX} bytes`, TFTP_ERROR_FULL);
        blocks.push(Uint8Array.from(content));
      },
    };
    const opening = answer.size > 0 ? encodeOptions(answer) : encodeAck(0);
    const times = timesOf(this.parts.times, agreement.timeoutMs);
    const last = await receiveBlocks(conversation, opening, null, sink, agreement, times);
    return [Buffer.concat(blocks), last];
  }

  #refuse(from: Place, { code, message }: TftpRefusal): void {
    try {
      this.#socket?.send(encodeError(code, message), from.port, from.address);
    } catch {
      // lost, like on the wire
    }
  }
}

const timesOf = (times: TftpTimes, timeoutMs: number | null): TftpTimes =>
  timeoutMs === null ? times : { ...times, timeoutMs };
