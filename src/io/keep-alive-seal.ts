/**
 * HMAC-SHA256 (RFC 2104) truncated to 16 bytes over the keep-alive, without garbage: two hashes over blocks that hold the
 * padded key in front. Without a key the field is zeros and nothing else is accepted.
 */
import { createHash } from "node:crypto";
import { KEEP_ALIVE_MAC_AT, KEEP_ALIVE_MAC_BYTES } from "../wire/keep-alive.ts";

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

export class KeepAliveSeal {
  private readonly hasKey: boolean;
  private readonly inner = new Uint8Array(new ArrayBuffer(BLOCK_BYTES + KEEP_ALIVE_MAC_AT));
  private readonly outer = new Uint8Array(new ArrayBuffer(BLOCK_BYTES + DIGEST_BYTES));
  private readonly innerDigest = new Uint8Array(this.outer.buffer, BLOCK_BYTES, DIGEST_BYTES);
  private readonly digest = new Uint8Array(new ArrayBuffer(DIGEST_BYTES));

  /** @param key the pre-shared key, or null */
  constructor(key: Uint8Array | null) {
    this.hasKey = key !== null;
    if (key === null) return;
    const block = new Uint8Array(BLOCK_BYTES);
    block.set(key.length > BLOCK_BYTES ? createHash("sha256").update(key).digest() : key);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      this.inner[i] = block[i] ^ 0x36;
      this.outer[i] = block[i] ^ 0x5c;
    }
  }

  /** Writes the MAC of `datagram` behind what it covers. */
  seal(datagram: Uint8Array): void {
    this.compute(datagram);
    for (let i = 0; i < KEEP_ALIVE_MAC_BYTES; i++) datagram[KEEP_ALIVE_MAC_AT + i] = this.digest[i];
  }

  /** Whether the MAC of `datagram` is right; takes the same time wherever it differs. */
  verify(datagram: Uint8Array): boolean {
    this.compute(datagram);
    let difference = 0;
    for (let i = 0; i < KEEP_ALIVE_MAC_BYTES; i++) difference |= this.digest[i] ^ datagram[KEEP_ALIVE_MAC_AT + i];
    return difference === 0;
  }

  private compute(datagram: Uint8Array): void {
    if (!this.hasKey) return; // the digest stays zeros
    for (let i = 0; i < KEEP_ALIVE_MAC_AT; i++) this.inner[BLOCK_BYTES + i] = datagram[i];
    Bun.SHA256.hash(this.inner, this.innerDigest);
    Bun.SHA256.hash(this.outer, this.digest);
  }
}
