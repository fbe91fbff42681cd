/** Keeps a front end for people open: the serial console, the console's socket, the page. */
import { FRONT_END_RETRY_MS } from "../limits.ts";

/** A front end for people. */
export interface FrontEnd {
  /** For messages: `console /dev/ttyS0`, `page 127.0.0.1:8044`. */
  readonly what: string;
  /** Code (catalogue/) to record when it cannot be opened. */
  readonly failedCode: number;
  /**
   * Opens it and returns a function that closes it. Throws when it cannot be opened.
   * @param closed called when it ended by itself, such as a serial line that hung up; with the
   * reason where that has to be recorded
   */
  start(closed: (error?: Error) => void): (() => void) | Promise<() => void>;
}

/**
 * Opens a front end, and reopens it, slowly, whenever that fails or it ends. No failure of it is
 * more than a message.
 */
export class ReopenedFrontEnd {
  #close: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isFailing = false;

  /**
   * @param failed called once when it cannot be opened, and again only after it was open in between
   * @param opened called each time it is open
   */
  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly failed: (frontEnd: FrontEnd, error: Error) => void,
    private readonly againMs = FRONT_END_RETRY_MS,
    private readonly opened: (frontEnd: FrontEnd) => void = () => {},
  ) {}

  async start(): Promise<void> {
    try {
      const close = await this.frontEnd.start((error) => this.#again(error));
      if (this.#isStopped) close();
      else this.#close = close;
      this.#isFailing = false;
      this.opened(this.frontEnd);
    } catch (error) {
      this.#again(error as Error);
    }
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const close = this.#close;
    this.#close = null;
    try {
      close?.();
    } catch (error) {
      this.failed(this.frontEnd, error as Error);
    }
  }

  #again(error?: Error): void {
    if (error !== undefined) {
      if (!this.#isFailing) this.failed(this.frontEnd, error);
      this.#isFailing = true;
    }
    this.#close = null;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.start(), this.againMs);
  }
}
