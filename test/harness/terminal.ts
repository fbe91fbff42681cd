import { PseudoTerminal } from "./pseudo-terminal.ts";

const PATIENCE_MS = 30_000;
const LOOK_MS = 2;

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
      if (written === 0) await Bun.sleep(LOOK_MS);
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
  async until(expected: string | RegExp, limitMs = PATIENCE_MS): Promise<string> {
    for (const beganMs = performance.now(); performance.now() - beganMs < limitMs; ) {
      while (this.receive() > 0);
      const found =
        typeof expected === "string" ? this.text.indexOf(expected) : this.text.search(expected);
      if (found >= 0) {
        const length =
          typeof expected === "string"
            ? expected.length
            : (expected.exec(this.text)?.[0].length ?? 0);
        const taken = this.text.slice(0, found + length);
        this.text = this.text.slice(found + length);
        return taken;
      }
      await Bun.sleep(LOOK_MS);
    }
    throw new Error(
      `waited in vain for ${expected}; there is: ${JSON.stringify(this.text.slice(-2000))}`,
    );
  }

  /** Everything that arrives within `ms`. */
  async during(ms: number): Promise<string> {
    for (
      const beganMs = performance.now();
      performance.now() - beganMs < ms;
      await Bun.sleep(LOOK_MS)
    ) {
      while (this.receive() > 0);
    }
    const text = this.text;
    this.text = "";
    return text;
  }
}
