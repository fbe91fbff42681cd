/**
 * HMAC-SHA256 (RFC 2104), truncated to 16 bytes, over the keep-alive, without garbage: two hashes
 * over blocks that begin with the padded key. Without a key the field is zero, and nothing else is
 * accepted.
 */
import { createHash } from "node:crypto";
import { KEEP_ALIVE_MAC_AT, KEEP_ALIVE_MAC_BYTES } from "../wire/keep-alive.ts";
import { DATAGRAM_BYTES_MAX } from "./multicast-socket.ts";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** HMAC of datagrams with one key. */
class KeyedDigest {
  /** MAC of the last datagram, then the rest of the hash. */
  readonly digest = new Uint8Array(new ArrayBuffer(DIGEST_BYTES));
  private readonly inner = new Uint8Array(new ArrayBuffer(BLOCK_BYTES + DATAGRAM_BYTES_MAX));
  private readonly hashed = new Uint8Array(this.inner.buffer, 0, BLOCK_BYTES + KEEP_ALIVE_MAC_AT);
  private readonly outer = new Uint8Array(new ArrayBuffer(BLOCK_BYTES + DIGEST_BYTES));
  private readonly innerDigest = new Uint8Array(this.outer.buffer, BLOCK_BYTES, DIGEST_BYTES);

  constructor(key: Uint8Array) {
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(key.length > BLOCK_BYTES ? createHash("sha256").update(key).digest() : key);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      this.inner[i] = block[i] ^ 0x36;
      this.outer[i] = block[i] ^ 0x5c;
    }
  }

  compute(datagram: Uint8Array): void {
    // all of it: a subarray would be garbage
    this.inner.set(datagram, BLOCK_BYTES);
    Bun.SHA256.hash(this.hashed, this.innerDigest);
    Bun.SHA256.hash(this.outer, this.digest);
  }
}

/** Digest where there is no key. */
const NO_DIGEST = new Uint8Array(DIGEST_BYTES);

export class KeepAliveSeal {
  private readonly first: KeyedDigest | null;
  private readonly second: KeyedDigest | null;

  /**
   * @param key the pre-shared key, or null
   * @param acceptKey second key for a change of keys: its datagrams are accepted, but it seals
   * none; or null
   */
  constructor(key: Uint8Array | null, acceptKey: Uint8Array | null = null) {
    this.first = key === null ? null : new KeyedDigest(key);
    this.second = acceptKey === null ? null : new KeyedDigest(acceptKey);
  }

  /**
   * Writes the MAC of `datagram`, of at most DATAGRAM_BYTES_MAX bytes, behind the bytes that it
   * covers.
   */
  seal(datagram: Uint8Array): void {
    const digest = digestOf(this.first, datagram);
    for (let i = 0; i < KEEP_ALIVE_MAC_BYTES; i++) datagram[KEEP_ALIVE_MAC_AT + i] = digest[i];
  }

  /**
   * Whether the MAC of `datagram` is right. Takes the same time wherever it differs. The second key
   * is tried only when the first does not fit; the timing reveals which of two good keys was used
   * and nothing about either.
   */
  verify(datagram: Uint8Array): boolean {
    if (fits(digestOf(this.first, datagram), datagram)) return true;
    return this.second !== null && fits(digestOf(this.second, datagram), datagram);
  }
}

function digestOf(keyed: KeyedDigest | null, datagram: Uint8Array): Uint8Array {
  if (keyed === null) return NO_DIGEST;
  keyed.compute(datagram);
  return keyed.digest;
}

function fits(digest: Uint8Array, datagram: Uint8Array): boolean {
  let difference = 0;
  for (let i = 0; i < KEEP_ALIVE_MAC_BYTES; i++)
    difference |= digest[i] ^ datagram[KEEP_ALIVE_MAC_AT + i];
  return difference === 0;
}
