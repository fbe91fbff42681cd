import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

/** getrusage(2): of the thread that calls. */
const RUSAGE_THREAD = 1;
/** struct rusage: two struct timeval and 14 longs, of which the 13th counts waits. */
const RUSAGE_BYTES = 144;
const WAITS_AT = 128;

/**
 * How often this thread has waited for something in the kernel, so far; to have lost the processor
 * to another one is no wait (`ru_nvcsw`). No garbage.
 */
export class ThreadWaits {
  private readonly memory = new NativeMemory(RUSAGE_BYTES);

  /** Modulo 2^32; 0 when the kernel does not tell. */
  count(): number {
    libc.getrusage(RUSAGE_THREAD, this.memory.address);
    return this.memory.view.getUint32(WAITS_AT, true);
  }
}
