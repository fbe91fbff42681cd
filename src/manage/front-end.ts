/** Keeps a door for people open: the serial console, the console's socket, the page. */
import { FRONT_END_AGAIN_MS } from "../limits.ts";

/** Where people come in. */
export interface FrontEnd {
  /** For messages: `console /dev/ttyS0`, `page 127.0.0.1:8044`. */
  readonly what: string;
  /** Code (catalogue/) that is recorded when it cannot be opened. */
  readonly failedCode: number;
  /**
   * Opens it and returns how to close it. Throws when it cannot be opened.
   * @param closed called when it has ended by itself, such as a serial line that was hung up
   */
  start(closed: () => void): (() => void) | Promise<() => void>;
}

/**
 * Opens a front end, and again, slowly, whenever that fails or it ends. No failure of it is more
 * than a message.
 */
export class OpenDoor {
  #close: (() => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isFailing = false;

  /**
   * @param failed called once when it cannot be opened, and again only after it was open in between
   */
  constructor(
    private readonly frontEnd: FrontEnd,
    private readonly failed: (frontEnd: FrontEnd, error: Error) => void,
    private readonly againMs = FRONT_END_AGAIN_MS,
  ) {}

  async start(): Promise<void> {
    try {
      const close = await this.frontEnd.start(() => this.#again());
      if (this.#isStopped) close();
      else this.#close = close;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) this.failed(this.frontEnd, error as Error);
      this.#isFailing = true;
      this.#again();
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

  #again(): void {
    this.#close = null;
    if (this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.start(), this.againMs);
  }
}
