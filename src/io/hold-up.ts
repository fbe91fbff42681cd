import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

/** getrusage(2): of the thread that calls. */
const RUSAGE_THREAD = 1;
/**
 * struct rusage: two struct timeval (user, system) and 14 longs, of which the 13th counts waits.
 */
const RUSAGE_BYTES = 144;
const USER_AT = 0;
const SYSTEM_AT = 16;
const WAITS_AT = 128;

/**
 * For how long a call to the kernel was held up by the kernel itself: it slept there or spun on a
 * lock. To have lost the processor in it, to another process or with the whole machine, is none. No
 * garbage.
 */
export class HoldUp {
  private readonly usage = new NativeMemory(RUSAGE_BYTES);
  private beganUs = 0;
  private usedUs = 0;
  private waits = 0;

  /** The call begins. */
  begin(): void {
    this.look();
    this.usedUs = this.used;
    this.waits = this.usage.view.getUint32(WAITS_AT, true);
    this.beganUs = nowUs();
  }

  /** The call has returned. @returns µs */
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
