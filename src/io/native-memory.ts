import { ptr } from "bun:ffi";
import { assert } from "../assert.ts";

/** Every block ever made: memory whose address the kernel or libc knows must never be collected. */
const kept: NativeMemory[] = [];

/**
 * A zeroed block of memory at a fixed address, for structures that libc and the kernel read and
 * write.
 *
 * The only place of the product that calls `ptr()`. The views use an explicit `ArrayBuffer`: the
 * storage of a typed array made by length alone moves when the JIT optimises its user, and the
 * address then points to memory that nobody reads any more. For the same reason a block lives until
 * the process ends: make it once, at start-up. Lay out structures that point to each other (msghdr,
 * iovec) in one block, with `address + offset` as pointers.
 */
export class NativeMemory {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  /**
   * Address of the first byte, a multiple of 8; on 64-bit Linux it is below 2^47 and so an exact
   * integer.
   */
  readonly address: number;

  constructor(byteLength: number) {
    assert(Number.isInteger(byteLength) && byteLength > 0, "native memory has a length");
    // With a multiple of 8 the allocator does not misalign the structures of a small block.
    this.buffer = new ArrayBuffer((byteLength + 7) & ~7);
    this.bytes = new Uint8Array(this.buffer, 0, byteLength);
    this.view = new DataView(this.buffer, 0, byteLength);
    this.address = ptr(this.bytes);
    assert(this.address % 8 === 0, "native memory is aligned");
    kept.push(this);
  }

  /**
   * Writes the address `offset` bytes into `target` (default: this block) as a 64-bit pointer at
   * `at`.
   */
  setPointer(at: number, offset: number, target: NativeMemory = this): void {
    const address = target.address + offset;
    this.view.setUint32(at, address % 0x1_0000_0000, true);
    this.view.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true);
  }
}

/**
 * Start-up only: `text` as a zero-terminated UTF-8 string. Throws when it contains a zero
 * character, which would truncate it.
 */
export function nativeString(text: string): NativeMemory {
  assert(!text.includes("\0"), "a C string holds no zero character");
  const encoded = new TextEncoder().encode(text);
  const memory = new NativeMemory(encoded.length + 1);
  memory.bytes.set(encoded);
  return memory;
}
