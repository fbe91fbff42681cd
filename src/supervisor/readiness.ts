/**
 * Waits until a function's process can be used: until it takes connections at one of its VIPs, or
 * has said so at its notify socket.
 */
import type { FunctionConfig, Vip } from "../config/model.ts";
import { isListening } from "../io/local-address.ts";
import { NotifySocket } from "../io/notify-socket.ts";
import { READY_LOOK_MS } from "../limits.ts";

/** After so many looks it is looked at ten times less often. */
const OFTEN_LOOKS = 100;

export class Readiness {
  #timer: NodeJS.Timeout | undefined;
  #beganMs = 0;
  #looks = 0;
  #isLate = false;
  /** null: a port is asked. */
  readonly #socket: NotifySocket | null;
  /** The process that was launched last has said that it is ready. */
  #hasSaidSo = false;

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
    private readonly ready: NonNullable<FunctionConfig["ready"]>,
    private readonly onReady: (wasLate: boolean) => void,
    private readonly onLate: () => void,
  ) {
    this.#socket = ready.notify === true ? new NotifySocket() : null;
  }

  /** A process is about to be launched: what it needs in its environment to say that it is ready. */
  launch(): Record<string, string> {
    this.#socket?.takeReady(); // of the one before
    this.#hasSaidSo = false;
    return this.#socket === null ? {} : { NOTIFY_SOCKET: this.#socket.name };
  }

  #isReady(): boolean {
    const { port } = this.ready;
    if (port !== undefined && this.vips.some(({ address }) => isListening(address, port)))
      return true;
    this.#hasSaidSo ||= this.#socket?.takeReady() === true;
    return this.#hasSaidSo;
  }

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
    if (this.#isReady()) {
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
