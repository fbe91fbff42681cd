/** Waits until a function's process can be used: until it takes connections at one of its VIPs. */
import type { Vip } from "../config/model.ts";
import { isListening } from "../io/local-address.ts";
import { READY_LOOK_MS } from "../limits.ts";

/** After so many looks it is looked at ten times less often. */
const OFTEN_LOOKS = 100;

export class Readiness {
  #timer: NodeJS.Timeout | undefined;
  #beganMs = 0;
  #looks = 0;
  #isLate = false;

  get isAwaited(): boolean {
    return this.#timer !== undefined;
  }

  /** It is waited for, longer than it may take. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /**
   * @param onReady once after each {@link begin}; whether it was late
   * @param onLate once, when that takes longer than it may; it is waited for all the same
   */
  constructor(
    private readonly vips: readonly Pick<Vip, "address">[],
    private readonly ready: { readonly port: number; readonly timeoutMs: number },
    private readonly onReady: (wasLate: boolean) => void,
    private readonly onLate: () => void,
  ) {}

  /** A process runs from now on, or its VIPs have come. */
  begin(): void {
    this.end();
    this.#beganMs = performance.now();
    this.#looks = 0;
    this.#look();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#isLate = false;
  }

  #look(): void {
    if (this.vips.some(({ address }) => isListening(address, this.ready.port))) {
      const wasLate = this.#isLate;
      this.end();
      this.onReady(wasLate);
      return;
    }
    if (!this.#isLate && performance.now() - this.#beganMs >= this.ready.timeoutMs) {
      this.#isLate = true;
      this.onLate();
      if (!this.#isLate) return; // nobody waits for it any more
    }
    const pauseMs = this.#looks++ < OFTEN_LOOKS ? READY_LOOK_MS : 10 * READY_LOOK_MS;
    this.#timer = setTimeout(() => this.#look(), pauseMs);
  }
}
