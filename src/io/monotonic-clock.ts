import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

const CLOCK_MONOTONIC = 1;
const CLOCK_MONOTONIC_COARSE = 6;
const CLOCK_BOOTTIME = 7;

/**
 * struct timespec: i64 seconds, i64 nanoseconds. Both fit their low words: nanoseconds always,
 * seconds for 136 years after boot.
 */
const time = new NativeMemory(16);
const words = new Uint32Array(time.buffer);

/**
 * CLOCK_MONOTONIC in whole µs: time since the machine started, never set back, the same for all
 * processes. Makes no garbage.
 */
export function nowUs(): number {
  libc.clock_gettime(CLOCK_MONOTONIC, time.address);
  return words[0] * 1_000_000 + ((words[2] / 1000) | 0);
}

/**
 * CLOCK_BOOTTIME in whole µs: time since the machine was switched on, sleep included; the time base
 * of the maintenance log. Makes no garbage.
 */
export function bootUs(): number {
  libc.clock_gettime(CLOCK_BOOTTIME, time.address);
  return words[0] * 1_000_000 + ((words[2] / 1000) | 0);
}

/**
 * Tick of the kernel's timer in whole ms, rounded up: 1, 4 or 10 (the resolution of
 * CLOCK_MONOTONIC_COARSE).
 */
export function kernelTickMs(): number {
  libc.clock_getres(CLOCK_MONOTONIC_COARSE, time.address);
  return Math.ceil((words[2] as number) / 1_000_000);
}
