/** Text over a Unix socket that a QEMU serves. */
import { RuntimeError } from "../../src/command-line/errors.ts";

const POLL_MS = 5;
/** QEMU makes its sockets before anything of the guest runs. */
const CONNECT_MS_MAX = 20_000;

export class SocketText {
  /** Received and unprocessed. */
  text = "";
  /** Time of the last input, by performance.now(). */
  #heardMs = 0;
  #isClosed = false;
  readonly #decoder = new TextDecoder();
  #socket: { write(text: string): number; end(): void } | null = null;
  #unsent = "";

  private constructor(private readonly path: string) {}

  static async connect(path: string): Promise<SocketText> {
    const endMs = performance.now() + CONNECT_MS_MAX;
    for (;;) {
      const client = new SocketText(path);
      try {
        await client.#connect();
        return client;
      } catch (error) {
        if (performance.now() > endMs)
          throw new RuntimeError(`${path}: ${(error as Error).message}: no QEMU serves it`);
        await Bun.sleep(POLL_MS);
      }
    }
  }

  async #connect(): Promise<void> {
    this.#socket = await Bun.connect({
      unix: this.path,
      socket: {
        data: (_, bytes) => {
          this.text += this.#decoder.decode(bytes, { stream: true });
          this.#heardMs = performance.now();
        },
        drain: () => this.write(""),
        close: () => {
          this.#isClosed = true;
        },
        error: () => {
          this.#isClosed = true;
        },
      },
    });
  }

  write(text: string): void {
    const whole = this.#unsent + text;
    this.#unsent = whole.slice(this.#socket?.write(whole) ?? 0);
  }

  /** Takes the available lines, each with the time of the last input. */
  lines(): { text: string; atMs: number }[] {
    const lines = this.text.split("\n");
    this.text = lines.pop() ?? "";
    return lines.map((text) => ({ text, atMs: this.#heardMs }));
  }

  /**
   * Waits until `probe` finds something.
   * @throws RuntimeError when it does not within `limitMs`, or the other end is gone
   */
  async until<T>(what: string, limitMs: number, probe: () => T | undefined): Promise<T> {
    const endMs = performance.now() + limitMs;
    for (;;) {
      const found = probe();
      if (found !== undefined) return found;
      if (this.#isClosed) throw new RuntimeError(`QEMU is gone: no ${what}`);
      if (performance.now() > endMs)
        throw new RuntimeError(`waited ${Math.round(limitMs / 1000)} s in vain for ${what}`);
      await Bun.sleep(POLL_MS);
    }
  }

  close(): void {
    this.#socket?.end();
  }
}
