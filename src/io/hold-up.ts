import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

/** getrusage(2) for the calling thread. */
const RUSAGE_THREAD = 1;
/**
 * struct rusage: two struct timeval (user, system) and 14 longs, the 13th of which counts waits.
 */
const RUSAGE_BYTES = 144;
const USER_AT = 0;
const SYSTEM_AT = 16;
const WAITS_AT = 128;

/**
 * Measures for how long the kernel itself delayed a call: by sleeping or by spinning on a lock.
 * Losing the processor during the call, to another process or with the whole machine, does not
 * count. No garbage.
 */
export class HoldUp {
  private readonly usage = new NativeMemory(RUSAGE_BYTES);
  private beganUs = 0;
  private usedUs = 0;
  private waits = 0;

  /** Before the call. */
  begin(): void {
    this.look();
    this.usedUs = this.used;
    this.waits = this.usage.view.getUint32(WAITS_AT, true);
    this.beganUs = nowUs();
  }

  /** After the call. @returns µs */
  end(): number {
    const tookUs = nowUs() - this.beganUs;
    this.look();
    const slept = this.usage.view.getUint32(WAITS_AT, true) !== this.waits;
    return slept || this.used - this.usedUs > tookUs / 2 ? tookUs : 0;
  }

  private look(): void {
    libc.getrusage(RUSAGE_THREAD, this.usage.address);
  }

  private get used(): number {
    return this.timeAt(USER_AT) + this.timeAt(SYSTEM_AT);
  }

  private timeAt(at: number): number {
    const { view } = this.usage;
    return view.getUint32(at, true) * 1_000_000 + view.getUint32(at + 8, true);
  }
}
