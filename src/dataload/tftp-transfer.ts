/**
 * Blocks in lockstep (RFC 1350): each is acknowledged before the next is sent. Unanswered packets
 * are sent again. The sender does not answer duplicates again, so that one duplicate does not
 * double all following packets. Block numbers wrap after 65,535.
 */
import type { Conversation } from "./tftp-conversation.ts";
import { TftpError } from "./tftp-error.ts";
import type { Agreement } from "./tftp-options.ts";
import {
  encodeAck,
  encodeData,
  encodeError,
  TFTP_ERROR_FULL,
  type TftpPacket,
} from "./tftp-packet.ts";

export interface TftpTimes {
  /** Time before a packet is repeated. */
  readonly timeoutMs: number;
  /** Maximum repetitions. */
  readonly retries: number;
}

/** Destination of received blocks. */
export interface BlockSink {
  /**
   * @throws Error, or TftpError `local` with a code, when it cannot be stored; the other end is
   * told
   */
  write(content: Uint8Array): void | Promise<void>;
}

/**
 * Sends a packet until `isAnswer` accepts a reply.
 * @throws TftpError
 */
export async function ask<Answer extends TftpPacket>(
  conversation: Conversation,
  packet: Uint8Array,
  isAnswer: (packet: TftpPacket) => packet is Answer,
  times: TftpTimes,
): Promise<Answer> {
  for (let attempt = 0; attempt <= times.retries; attempt++) {
    conversation.send(packet);
    const answer = await awaited(conversation, isAnswer, times.timeoutMs);
    if (answer !== null) return answer;
  }
  const waitedS = (times.timeoutMs * (times.retries + 1)) / 1000;
  throw new TftpError("silent", `no answer for ${waitedS} s`);
}

/** Other packets do not extend the wait. */
async function awaited<Answer extends TftpPacket>(
  conversation: Conversation,
  isAnswer: (packet: TftpPacket) => packet is Answer,
  timeoutMs: number,
): Promise<Answer | null> {
  const endMs = performance.now() + timeoutMs;
  for (;;) {
    const packet = await conversation.receive(Math.max(0, endMs - performance.now()));
    if (packet === null) return null;
    if (isAnswer(packet)) return packet;
    if (performance.now() >= endMs) return null;
  }
}

/** Sends the whole of `content`. @throws TftpError */
export async function sendBlocks(
  conversation: Conversation,
  content: Uint8Array,
  agreement: Agreement,
  times: TftpTimes,
  onProgress: (bytes: number) => void = () => {},
): Promise<void> {
  const { blockBytes } = agreement;
  // the last block is shorter than the others, possibly empty
  const blocks = Math.floor(content.length / blockBytes) + 1;
  for (let index = 0; index < blocks; index++) {
    const block = (index + 1) & 0xffff;
    const part = content.subarray(index * blockBytes, (index + 1) * blockBytes);
    await ask(conversation, encodeData(block, part), isAck(block), times);
    onProgress(index * blockBytes + part.length);
  }
}

/**
 * Receives blocks until the last one.
 * @param opening the last packet sent, which the first block answers: an acknowledgement, or
 * options
 * @param first the first block if it has already come
 * @returns the last acknowledgement, which is sent: see {@link dally}
 * @throws TftpError
 */
export async function receiveBlocks(
  conversation: Conversation,
  opening: Uint8Array,
  first: DataPacket | null,
  sink: BlockSink,
  agreement: Agreement,
  times: TftpTimes,
): Promise<Uint8Array> {
  const { blockBytes } = agreement;
  let answer = opening;
  for (let index = 0; ; index++) {
    const block = (index + 1) & 0xffff;
    const data =
      index === 0 && first !== null ? first : await ask(conversation, answer, isData(block), times);
    if (data.content.length > blockBytes)
      throw new TftpError("protocol", `found a block of ${data.content.length} bytes`);
    await taken(conversation, sink, data.content);
    answer = encodeAck(block);
    if (data.content.length < blockBytes) break;
  }
  conversation.send(answer);
  return answer;
}

/** Reports a storage failure to the other end. */
async function taken(
  conversation: Conversation,
  sink: BlockSink,
  content: Uint8Array,
): Promise<void> {
  try {
    const writing = sink.write(content);
    if (writing !== undefined) await writing;
  } catch (error) {
    const { message } = error as Error;
    const code = error instanceof TftpError ? error.code : TFTP_ERROR_FULL;
    conversation.send(encodeError(code, message));
    throw error instanceof TftpError ? error : new TftpError("local", message, code);
  }
}

export type DataPacket = Extract<TftpPacket, { kind: "data" }>;
type AckPacket = Extract<TftpPacket, { kind: "ack" }>;

export const isAck =
  (block: number) =>
  (packet: TftpPacket): packet is AckPacket =>
    packet.kind === "ack" && packet.block === block;

export const isData =
  (block: number) =>
  (packet: TftpPacket): packet is DataPacket =>
    packet.kind === "data" && packet.block === block;

/**
 * After the last acknowledgement: a sender that missed it repeats the last block, and is answered
 * once more (RFC 1350, section 6).
 */
export async function dally(
  conversation: Conversation,
  last: Uint8Array,
  times: TftpTimes,
): Promise<void> {
  const endMs = performance.now() + times.timeoutMs * (times.retries + 1);
  try {
    for (;;) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0 || (await conversation.receive(leftMs)) === null) return;
      conversation.send(last);
    }
  } catch {
    // the operation is over, or the other end has finished
  }
}
