/**
 * The number that differs at every start of a server's engine and always grows, by which its peers
 * tell a restarted server from an old recording of it (PROTOCOL.md, "Admission"). Numbers are
 * reserved on the disk many at a time, so that no start of an engine waits for the disk: only the
 * first one of a run does, and for at most a second.
 */
import { validUtc } from "../io/valid-utc.ts";
import { INCARNATION_WAIT_MS, INCARNATIONS_RESERVED } from "../limits.ts";
import type { Reservation } from "./incarnation-store.ts";

export interface IncarnationSources {
  /**
   * Reserves numbers on the disk, at least from `from` on; takes as long as the disk does. Rejects
   * on failure.
   */
  reserve(from: number): Promise<Reservation>;
  /** Last number used since the machine was switched on; 0 when unknown. */
  recall(): number;
  /** Keeps it in memory for the next run. */
  remember(incarnation: number): void;
  warn(text: string): void;
  unixMs(): number;
}

export class Incarnations {
  #latest = 0;
  /** Numbers up to this one need not be stored. */
  #last = 0;
  #isReserving = false;

  constructor(
    private readonly sources: IncarnationSources,
    private readonly waitMs = INCARNATION_WAIT_MS,
  ) {}

  /**
   * Call before the first number. Waits a second for the disk. If it does not answer, the clock and
   * the memory since power-on provide numbers until it does, and the result is true at once. False:
   * they cannot, because the clock was never set, and a number could repeat one of an earlier
   * power-on.
   */
  async begin(): Promise<boolean> {
    this.#latest = this.sources.recall();
    const reserving = this.#reserve();
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, this.waitMs);
    await Promise.race([reserving, limit.promise]);
    clearTimeout(timer);
    if (this.#last > 0) return true;
    const { unixMs, warn } = this.sources;
    warn("the state directory does not answer: the incarnation is stored later");
    return this.#latest > 0 || validUtc(unixMs()) !== null;
  }

  /** Resolves when the disk has answered; for callers that must wait for it after {@link begin}. */
  async reserved(): Promise<void> {
    for (; this.#last === 0; await Bun.sleep(this.waitMs)) void this.#reserve();
  }

  /** The next incarnation, a u32. Never waits. */
  next(): number {
    const { sources } = this;
    // Without the disk, the clock replaces the lost numbers.
    const fromClock = this.#last === 0 ? Math.floor(sources.unixMs() / 1000) : 0;
    this.#latest = Math.max(this.#latest + 1, fromClock);
    sources.remember(this.#latest);
    if (this.#latest > this.#last - INCARNATIONS_RESERVED / 2) void this.#reserve();
    return this.#latest;
  }

  async #reserve(): Promise<void> {
    if (this.#isReserving) return;
    this.#isReserving = true;
    const { sources } = this;
    try {
      const from = Math.max(this.#latest + 1, Math.floor(sources.unixMs() / 1000));
      const { first, last, warnings } = await sources.reserve(from);
      for (const warning of warnings) sources.warn(warning);
      this.#latest = Math.max(this.#latest, first - 1);
      this.#last = last;
    } catch (error) {
      sources.warn(`cannot reserve incarnations: ${(error as Error).message}`);
    }
    this.#isReserving = false;
  }
}
