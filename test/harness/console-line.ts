/** An open line to the console of a running server, for questions one after the other. */
import { join } from "node:path";
import { CONSOLE_HELLO_SCRIPT } from "../../src/manage/console/console-server.ts";

export class ConsoleLine {
  #text = "";
  #onText: () => void = () => {};

  private constructor(private readonly socket: Bun.Socket) {}

  static async open(runDirectory: string): Promise<ConsoleLine> {
    let line: ConsoleLine | null = null;
    const socket = await Bun.connect({
      unix: join(runDirectory, "console.sock"),
      socket: { data: (_, bytes) => line?.take(bytes) },
    });
    line = new ConsoleLine(socket);
    socket.write(Uint8Array.of(CONSOLE_HELLO_SCRIPT));
    return line;
  }

  /** Its answer, without the OK, and the time it took, in ms. */
  async ask(command: string): Promise<{ answer: string; tookMs: number }> {
    this.#text = "";
    const { promise, resolve } = Promise.withResolvers<string>();
    this.#onText = () => {
      const end = /\r?\n?(OK|ERR \S+)\r?\n$/.exec(this.#text);
      if (end !== null) resolve(this.#text.slice(0, end.index));
    };
    const beganMs = performance.now();
    this.socket.write(`${command}\n`);
    const answer = await promise;
    return { answer, tookMs: performance.now() - beganMs };
  }

  close(): void {
    this.socket.end();
  }

  private take(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString("latin1");
    this.#onText();
  }
}
