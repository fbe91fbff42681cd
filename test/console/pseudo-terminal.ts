import { errno, SystemError } from "../../src/io/errno.ts";
import { libc } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { openPseudoTerminal } from "../pseudo-terminal-pair.ts";

// asm-generic/ioctls.h
const TCGETS2 = 0x802c_542a;

const PATIENCE_MS = 30_000;
const LOOK_MS = 2;
const BUFFER_BYTES = 16_384;

const buffer = new NativeMemory(BUFFER_BYTES);

/** The end of a pseudo-terminal pair at which a person sits; the program opens `path`. */
export class PseudoTerminal {
  readonly path: string;
  /** Everything that was received and not taken by {@link until}. */
  text = "";
  /** Bytes received in all. */
  count = 0;
  #fd: number;

  constructor() {
    const { fd, path } = openPseudoTerminal();
    this.#fd = fd;
    this.path = path;
  }

  /** Hangs up. */
  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }

  /** struct termios2 as the program has set it: control flags and output speed. */
  get line(): { local: number; control: number; speed: number } {
    const termios = new NativeMemory(44);
    if (libc.ioctl(this.#fd, TCGETS2, termios.address) < 0)
      throw new SystemError("TCGETS2", errno());
    const at = (offset: number): number => termios.view.getUint32(offset, true);
    return { local: at(12), control: at(8), speed: at(40) };
  }

  /** What the other side takes of `bytes` now. */
  write(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, BUFFER_BYTES);
    buffer.bytes.set(bytes.subarray(0, length));
    return Math.max(0, libc.write(this.#fd, buffer.address, length));
  }

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
  receive(bytesMax = BUFFER_BYTES): number {
    const length = libc.read(this.#fd, buffer.address, Math.min(bytesMax, BUFFER_BYTES));
    if (length <= 0) return 0;
    this.text += Buffer.from(buffer.buffer, 0, length).toString("latin1");
    this.count += length;
    return length;
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
