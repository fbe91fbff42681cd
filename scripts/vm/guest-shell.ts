/** A shell in the guest, on the virtio console hvc0: for the checks, never for people. */
import { RuntimeError } from "../../src/command-line/errors.ts";
import { SocketText } from "./socket-text.ts";

/** Greeting of the guest's /sbin/test-shell. */
const READY = "@@READY";
const COMMAND_MS_MAX = 60_000;

export class GuestShell {
  private constructor(private readonly socket: SocketText) {}

  /** Connect before the guest runs: output without a listener is lost. */
  static async connect(path: string): Promise<GuestShell> {
    return new GuestShell(await SocketText.connect(path));
  }

  /** Waits for the next start of the shell, and so of the machine. */
  async ready(limitMs: number): Promise<void> {
    await this.socket.until("the guest's shell", limitMs, () => {
      const at = this.socket.text.indexOf(READY);
      if (at < 0) return undefined;
      this.socket.text = this.socket.text.slice(at + READY.length);
      return true;
    });
  }

  /**
   * Runs a command to its end; returns its output.
   * @throws RuntimeError when it fails
   */
  async run(command: string, limitMs = COMMAND_MS_MAX): Promise<string> {
    const { exitCode, text } = await this.try(command, limitMs);
    if (exitCode === 0) return text;
    throw new RuntimeError(`guest: ${command}: exit code ${exitCode}: ${text.trim()}`);
  }

  async try(
    command: string,
    limitMs = COMMAND_MS_MAX,
  ): Promise<{ exitCode: number; text: string }> {
    this.socket.text = "";
    // The mark is not in the sent text: otherwise its echo would be taken for the answer.
    this.socket.write(`{ ${command}; }; echo "@@""$?@@"\n`);
    const found = await this.socket.until(`an answer to: ${command}`, limitMs, () => {
      const match = /@@(\d+)@@\r?\n/.exec(this.socket.text);
      return match ?? undefined;
    });
    const text = this.socket.text.slice(0, found.index).replaceAll("\r\n", "\n");
    return { exitCode: Number(found[1]), text };
  }

  close(): void {
    this.socket.close();
  }
}
