/**
 * Lets libc write the time into memory 300,000 times from a hot function, and prints in how many
 * rounds the view over that memory differed from the content at the address. `native`:
 * NativeMemory. `naive`: a typed array made by its length, which is the trap.
 */
import { ptr, read } from "bun:ffi";
import { libc } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";

const CLOCK_MONOTONIC = 1;
const NANOSECONDS_WORD = 2;

let stale = 0;

function check(words: Uint32Array, address: number): void {
  libc.clock_gettime(CLOCK_MONOTONIC, address);
  if (words[NANOSECONDS_WORD] !== read.u32(address as ReturnType<typeof ptr>, NANOSECONDS_WORD * 4))
    stale++;
}

const memory = new NativeMemory(16);
const naive = new Uint32Array(4);
const naiveAddress = ptr(naive);
const native = new Uint32Array(memory.buffer);

function checkNaive(): void {
  libc.clock_gettime(CLOCK_MONOTONIC, naiveAddress);
  if (naive[NANOSECONDS_WORD] !== read.u32(naiveAddress, NANOSECONDS_WORD * 4)) stale++;
}

for (let round = 0; round < 300_000; round++) {
  if (process.argv[2] === "naive") checkNaive();
  else check(native, memory.address);
}
console.log(stale);
