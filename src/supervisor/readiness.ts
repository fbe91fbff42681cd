/**
 * Waits until a function's process is ready: until it accepts connections at one of its VIPs, or
 * reports it at its notify socket.
 */
import type { FunctionConfig, Vip } from "../config/model.ts";
import { isListening } from "../io/local-address.ts";
import { NotifySocket } from "../io/notify-socket.ts";
import { READY_POLL_MS } from "../limits.ts";

/** After this many checks they become ten times less frequent. */
const OFTEN_LOOKS = 100;

export class Readiness {
  #timer: NodeJS.Timeout | undefined;
  #beganMs = 0;
  #looks = 0;
  #isLate = false;
  /** null when readiness is checked at a port. */
  readonly #socket: NotifySocket | null;
  /** The last launched process has reported that it is ready. */
  #hasNotified = false;

  get isAwaited(): boolean {
    return this.#timer !== undefined;
  }

  /** It is overdue, and still awaited. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /**
   * @param onReady called once after each {@link begin}, with whether it was late
   * @param onLate called once when it takes longer than allowed; waiting goes on
   */
  constructor(
    private readonly vips: readonly Pick<Vip, "address">[],
    private readonly ready: NonNullable<FunctionConfig["ready"]>,
    private readonly onReady: (wasLate: boolean) => void,
    private readonly onLate: () => void,
  ) {
    this.#socket = ready.notify === true ? new NotifySocket() : null;
  }

  /** Before a launch: the environment variables for reporting readiness. */
  launch(): Record<string, string> {
    this.#socket?.takeReady(); // message of the previous process
    this.#hasNotified = false;
    return this.#socket === null ? {} : { NOTIFY_SOCKET: this.#socket.name };
  }

  #isReady(): boolean {
    const { port } = this.ready;
    if (port !== undefined && this.vips.some(({ address }) => isListening(address, port)))
      return true;
    this.#hasNotified ||= this.#socket?.takeReady() === true;
    return this.#hasNotified;
  }

  /** A process now runs, or its VIPs have arrived. */
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
    const pauseMs = this.#looks++ < OFTEN_LOOKS ? READY_POLL_MS : 10 * READY_POLL_MS;
    this.#timer = setTimeout(() => this.#look(), pauseMs);
  }
}
