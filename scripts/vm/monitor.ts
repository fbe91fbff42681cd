/** The monitor of one QEMU: QMP, JSON lines over a Unix socket that takes one client. */
import { RuntimeError } from "../../src/command-line/errors.ts";
import { SocketText } from "./socket-text.ts";

interface Message {
  readonly event?: string;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly id?: number;
}

export class Monitor {
  #nextId = 1;
  readonly #events: { name: string; atMs: number }[] = [];
  readonly #answers = new Map<number, Message>();

  private constructor(private readonly socket: SocketText) {}

  /** @param path of the socket, which QEMU makes while it starts */
  static async connect(path: string): Promise<Monitor> {
    const monitor = new Monitor(await SocketText.connect(path));
    await monitor.execute("qmp_capabilities");
    return monitor;
  }

  /** @throws RuntimeError with QEMU's message */
  async execute<T>(command: string, args: object = {}): Promise<T> {
    const id = this.#nextId++;
    this.socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    const answer = await this.socket.until(`the monitor's answer to ${command}`, 20_000, () => {
      this.#take();
      return this.#answers.get(id);
    });
    this.#answers.delete(id);
    if (answer.error !== undefined) throw new RuntimeError(`${command}: ${answer.error.desc}`);
    return answer.return as T;
  }

  /** When the event first came after `sinceMs`, by performance.now(). */
  async event(name: string, sinceMs: number, limitMs: number): Promise<number> {
    return await this.socket.until(`event ${name}`, limitMs, () => {
      this.#take();
      return this.#events.find((event) => event.name === name && event.atMs >= sinceMs)?.atMs;
    });
  }

  close(): void {
    this.socket.close();
  }

  #take(): void {
    for (const { text, atMs } of this.socket.lines()) {
      const message = JSON.parse(text) as Message;
      if (message.event !== undefined) this.#events.push({ name: message.event, atMs });
      if (message.id !== undefined) this.#answers.set(message.id, message);
    }
  }
}
