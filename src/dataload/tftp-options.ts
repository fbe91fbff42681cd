/**
 * Options that the two ends of a transfer agree on: blksize (RFC 2348), tsize and timeout (RFC
 * 2349).
 */

import { LOAD_TIMEOUT_S_MAX } from "../limits.ts";
import { TftpError } from "./tftp-error.ts";
import type { TftpOptions } from "./tftp-packet.ts";

/** Block size without the option. */
const BLOCK_BYTES_DEFAULT = 512;
const BLOCK_BYTES_MIN = 8;
const BLOCK_BYTES_LIMIT = 65_464;
/** Fits an Ethernet frame without fragments, IP options included (RFC 2348). */
export const BLOCK_BYTES_MAX = 1428;

export interface Agreement {
  readonly blockBytes: number;
  /** Time before a packet is sent again; null: free choice. */
  readonly timeoutMs: number | null;
  /** Size of the file as reported by the sender; null when not. */
  readonly sizeBytes: number | null;
}

/** No options were agreed. */
export const NO_AGREEMENT: Agreement = {
  blockBytes: BLOCK_BYTES_DEFAULT,
  timeoutMs: null,
  sizeBytes: null,
};

/**
 * The agreement and the answer to requested options: unknown options and invalid values are left
 * out.
 * @param sizeBytes of a file that is read; null for one that is written
 */
export function accept(
  requested: TftpOptions,
  sizeBytes: number | null,
): { agreement: Agreement; answer: TftpOptions } {
  const answer = new Map<string, string>();
  const block = numberOf(requested.get("blksize"), BLOCK_BYTES_MIN, BLOCK_BYTES_LIMIT);
  const blockBytes = block === null ? BLOCK_BYTES_DEFAULT : Math.min(block, BLOCK_BYTES_MAX);
  if (block !== null) answer.set("blksize", String(blockBytes));
  const timeoutS = numberOf(requested.get("timeout"), 1, LOAD_TIMEOUT_S_MAX);
  if (timeoutS !== null) answer.set("timeout", String(timeoutS));
  const requestedSize = numberOf(requested.get("tsize"), 0, Number.MAX_SAFE_INTEGER);
  const size = requestedSize === null ? null : (sizeBytes ?? requestedSize);
  if (size !== null) answer.set("tsize", String(size));
  const timeoutMs = timeoutS === null ? null : timeoutS * 1000;
  return { agreement: { blockBytes, timeoutMs, sizeBytes: size }, answer };
}

/**
 * The agreement after an answer to requested options.
 * @throws TftpError when the answer does not fit the request
 */
export function agree(requested: TftpOptions, answered: TftpOptions): Agreement {
  for (const [name, value] of answered)
    if (!requested.has(name)) throw wrong(name, value, "no option that was not asked for");
  const wanted = Number(requested.get("blksize") ?? BLOCK_BYTES_DEFAULT);
  const block = answered.get("blksize");
  const blockBytes =
    block === undefined ? BLOCK_BYTES_DEFAULT : numberOf(block, BLOCK_BYTES_MIN, wanted);
  if (blockBytes === null) throw wrong("blksize", block ?? "", `${BLOCK_BYTES_MIN} to ${wanted}`);
  const size = answered.get("tsize");
  const sizeBytes = size === undefined ? null : numberOf(size, 0, Number.MAX_SAFE_INTEGER);
  if (size !== undefined && sizeBytes === null) throw wrong("tsize", size, "a number of bytes");
  return { blockBytes, timeoutMs: null, sizeBytes };
}

function wrong(name: string, found: string, expected: string): TftpError {
  return new TftpError("protocol", `option ${name}: found ${found}, expected ${expected}`);
}

/** A whole number in decimal digits within the limits; otherwise null. */
function numberOf(text: string | undefined, min: number, max: number): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null;
  const value = Number(text);
  return value >= min && value <= max ? value : null;
}
