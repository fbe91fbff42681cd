/**
 * Messages between the log and its disk process: a JSON document of a request or an answer, a line
 * feed, and its bytes.
 */
import { DISK_PIECE_BYTES } from "../../limits.ts";
import type { Disk } from "./disk.ts";

export const DISK_MESSAGE_BYTES_MAX = DISK_PIECE_BYTES + 16 * 1024;
const LINE_FEED = 0x0a;

export interface DiskRequest {
  readonly call: keyof Disk;
  readonly args: readonly (string | number)[];
}

export interface DiskAnswer {
  readonly value?: unknown;
  readonly error?: { readonly message: string; readonly errno: number; readonly code?: string };
}

/** Writes a message into `target`. @returns its length */
export function encodeDiskMessage(
  message: DiskRequest | DiskAnswer,
  content: Uint8Array,
  target: Uint8Array,
): number {
  const { written } = new TextEncoder().encodeInto(`${JSON.stringify(message)}\n`, target);
  target.set(content, written);
  return written + content.length;
}

/** The document and the following bytes, copied. */
export function decodeDiskMessage<Message>(bytes: Uint8Array): [Message, Uint8Array] {
  const end = bytes.indexOf(LINE_FEED);
  const text = new TextDecoder().decode(bytes.subarray(0, end));
  return [JSON.parse(text) as Message, bytes.slice(end + 1)];
}
