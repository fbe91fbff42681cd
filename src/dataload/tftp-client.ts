/** TFTP client: writes files to the loader's TFTP server, and reads files from it. */
import { LOAD_WAIT_S_MAX, LOAD_WAITS_MAX } from "../limits.ts";
import { Conversation, type Place } from "./tftp-conversation.ts";
import { TftpError } from "./tftp-error.ts";
import { type Agreement, agree, BLOCK_BYTES_MAX, NO_AGREEMENT } from "./tftp-options.ts";
import {
  encodeAck,
  encodeError,
  encodeRequest,
  TFTP_ERROR_OPTIONS,
  type TftpOptions,
  type TftpPacket,
} from "./tftp-packet.ts";
import {
  ask,
  type BlockSink,
  type DataPacket,
  dally,
  isAck,
  isData,
  receiveBlocks,
  sendBlocks,
  type TftpTimes,
} from "./tftp-transfer.ts";

/** Destination of a file that is read. */
export interface FileSink extends BlockSink {
  /**
   * Called before the first block, and again when the file is read again.
   * @param sizeBytes as reported by the server; null when not
   * @throws Error when there is no room for it
   */
  begin(sizeBytes: number | null): void | Promise<void>;
}

export interface TftpClientParts {
  /** Own address. */
  readonly own: string;
  readonly server: Place;
  readonly times: TftpTimes;
}

export class TftpClient {
  constructor(private readonly parts: TftpClientParts) {}

  /** Writes a file. @throws TftpError */
  async put(
    file: string,
    content: Uint8Array,
    signal: AbortSignal,
    onProgress?: (bytes: number) => void,
  ): Promise<void> {
    const options = new Map([
      ["blksize", String(BLOCK_BYTES_MAX)],
      ["tsize", String(content.length)],
    ]);
    await this.#again(options, signal, async (conversation, requested) => {
      const request = encodeRequest("write", file, requested);
      const answer = await ask(conversation, request, isOpeningOfWrite, this.parts.times);
      const agreement = this.#agreement(conversation, requested, answer);
      await sendBlocks(conversation, content, agreement, this.parts.times, onProgress);
      conversation.close();
    });
  }

  /** Reads a file. @throws TftpError */
  async get(file: string, sink: FileSink, signal: AbortSignal): Promise<void> {
    const { times } = this.parts;
    const options = new Map([
      ["blksize", String(BLOCK_BYTES_MAX)],
      ["tsize", "0"],
    ]);
    await this.#again(options, signal, async (conversation, requested) => {
      const request = encodeRequest("read", file, requested);
      const answer = await ask(conversation, request, isOpeningOfRead, times);
      const agreement = this.#agreement(conversation, requested, answer);
      await begun(conversation, sink, agreement.sizeBytes);
      const first = answer.kind === "data" ? answer : null;
      const opening = first === null ? encodeAck(0) : encodeAck(1);
      const last = await receiveBlocks(conversation, opening, first, sink, agreement, times);
      void dally(conversation, last, times).finally(() => conversation.close());
    });
  }

  /**
   * Repeats a transfer when the server has no options, and after each WAIT. `transfer` closes the
   * conversation when it ends.
   */
  async #again(
    options: TftpOptions,
    signal: AbortSignal,
    transfer: (conversation: Conversation, options: TftpOptions) => Promise<void>,
  ): Promise<void> {
    let requested = options;
    for (let waits = 0; ; ) {
      const { own, server } = this.parts;
      const conversation = await Conversation.open(own, server, false, signal);
      try {
        return await transfer(conversation, requested);
      } catch (error) {
        conversation.close();
        if (!(error instanceof TftpError)) throw error;
        const { waitS } = error;
        const hasNoOptions = error.failure === "refused" && error.code === TFTP_ERROR_OPTIONS;
        if (hasNoOptions && requested.size > 0) requested = new Map();
        else if (waitS !== null && ++waits <= LOAD_WAITS_MAX)
          await slept(Math.min(waitS, LOAD_WAIT_S_MAX) * 1000, signal);
        else throw error;
      }
    }
  }

  #agreement(conversation: Conversation, requested: TftpOptions, answer: TftpPacket): Agreement {
    if (answer.kind !== "options") return NO_AGREEMENT;
    try {
      return agree(requested, answer.options);
    } catch (error) {
      conversation.send(encodeError(TFTP_ERROR_OPTIONS, (error as Error).message));
      throw error;
    }
  }
}

/** Reports a sink without room to the server. */
async function begun(
  conversation: Conversation,
  sink: FileSink,
  sizeBytes: number | null,
): Promise<void> {
  try {
    await sink.begin(sizeBytes);
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof TftpError ? error.code : 0;
    conversation.send(encodeError(code, message));
    throw error instanceof TftpError ? error : new TftpError("local", message);
  }
}

/** Waits, unless the operation ends. @throws TftpError `stopped` */
export async function slept(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onAbort = (): void => resolve();
  signal.addEventListener("abort", onAbort);
  if (signal.aborted) resolve();
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", onAbort);
  if (signal.aborted) throw new TftpError("stopped", "the operation is over");
}

type OptionsPacket = Extract<TftpPacket, { kind: "options" }>;
type AckPacket = Extract<TftpPacket, { kind: "ack" }>;

const isOpeningOfWrite = (packet: TftpPacket): packet is OptionsPacket | AckPacket =>
  packet.kind === "options" || isAck(0)(packet);

const isOpeningOfRead = (packet: TftpPacket): packet is OptionsPacket | DataPacket =>
  packet.kind === "options" || isData(1)(packet);
