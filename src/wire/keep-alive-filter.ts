/**
 * Which datagrams the keep-alive sockets take: on a UDP socket the data begin with the UDP header
 * of 8 bytes (RFC 768).
 */
import { KEEP_ALIVE_BYTES, KEEP_ALIVE_MAGIC, KEEP_ALIVE_VERSION } from "./keep-alive.ts";
import {
  DROP,
  encodeProgram,
  JUMP_IF_EQUAL,
  KEEP_ALL,
  LOAD_BYTE,
  LOAD_LENGTH,
  LOAD_WORD,
  RETURN,
} from "./packet-program.ts";

const UDP_HEADER_BYTES = 8;

/**
 * Lets pass what is as long as a keep-alive and begins as one. System and sender are left to the
 * receiver, which counts each of these mistakes for itself; the filter would hide them and stop
 * nobody who wants to forge.
 */
export function keepAliveFilter(): Uint8Array<ArrayBuffer> {
  return encodeProgram([
    [LOAD_LENGTH, 0, 0, 0],
    [JUMP_IF_EQUAL, 0, 5, UDP_HEADER_BYTES + KEEP_ALIVE_BYTES],
    [LOAD_WORD, 0, 0, UDP_HEADER_BYTES],
    [JUMP_IF_EQUAL, 0, 3, KEEP_ALIVE_MAGIC],
    [LOAD_BYTE, 0, 0, UDP_HEADER_BYTES + 4],
    [JUMP_IF_EQUAL, 0, 1, KEEP_ALIVE_VERSION],
    [RETURN, 0, 0, KEEP_ALL],
    [RETURN, 0, 0, DROP],
  ]);
}

/** Lets nothing pass: for a socket that only sends. */
export function nothingFilter(): Uint8Array<ArrayBuffer> {
  return encodeProgram([[RETURN, 0, 0, DROP]]);
}
