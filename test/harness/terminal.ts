import { PseudoTerminal } from "./pseudo-terminal.ts";
import { until } from "./until.ts";

const POLL_MS = 2;

/** The end of a serial line at which a person sits, who reads text and types. */
export class Terminal extends PseudoTerminal {
  /** Everything that was received and not taken by {@link until}. */
  text = "";

  async type(text: string): Promise<void> {
    await this.send(Buffer.from(text, "latin1"));
  }

  /** Sends all of `bytes`, and receives meanwhile. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const written = this.write(bytes.subarray(at));
      at += written;
      this.receive();
      if (written === 0) await Bun.sleep(POLL_MS);
    }
  }

  /** Takes at most `bytesMax` of what has arrived; returns how many. */
  receive(bytesMax?: number): number {
    const bytes = this.read(bytesMax);
    if (!bytes) return 0;
    this.text += Buffer.from(bytes).toString("latin1");
    return bytes.length;
  }

  /** Waits for `expected`; gives, and takes away, everything up to its end. */
  async until(expected: string | RegExp, limitMs?: number): Promise<string> {
    return await until(
      () => `${expected}; there is: ${JSON.stringify(this.text.slice(-2000))}`,
      () => {
        while (this.receive() > 0);
        return this.#taken(expected);
      },
      limitMs,
    );
  }

  /** Everything that arrives within `ms`. */
  async during(ms: number): Promise<string> {
    for (
      const beganMs = performance.now();
      performance.now() - beganMs < ms;
      await Bun.sleep(POLL_MS)
    ) {
      while (this.receive() > 0);
    }
    const text = this.text;
    this.text = "";
    return text;
  }

  /** Everything up to the end of `expected`, which is taken away; null while that is not there. */
  #taken(expected: string | RegExp): string | null {
    const found =
      typeof expected === "string"
        ? { index: this.text.indexOf(expected), length: expected.length }
        : { index: this.text.search(expected), length: expected.exec(this.text)?.[0].length ?? 0 };
    if (found.index < 0) return null;
    const end = found.index + found.length;
    const taken = this.text.slice(0, end);
    this.text = this.text.slice(end);
    return taken;
  }
}
