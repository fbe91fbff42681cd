/**
 * The console in a separate process, on a pseudo-terminal and a socket; see
 * test/children/console-child.ts.
 */
import { rmSync, symlinkSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { scratchDirectory } from "../harness/run-mark.ts";
import { Terminal } from "../harness/terminal.ts";
import { until } from "../harness/until.ts";

const CHILD = join(import.meta.dir, "../children/console-child.ts");
const MAIN = join(import.meta.dir, "../../src/main.ts");

export class ConsoleProcess {
  readonly directory = scratchDirectory("console");
  readonly socket = join(this.directory, "console.sock");
  /** The device's name stays, whichever pseudo-terminal is behind it. */
  readonly device = join(this.directory, "tty");
  terminal: Terminal;
  /** Output of the process. */
  output = "";
  readonly #child: Bun.Subprocess<"ignore", "pipe", "inherit">;

  constructor({ baud = 115_200, idleMs = 600_000 } = {}) {
    this.terminal = this.plugIn();
    const child = Bun.spawn(
      [process.execPath, CHILD, this.socket, this.device, String(baud), String(idleMs)],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    this.#child = child;
    void (async () => {
      for await (const chunk of child.stdout) this.output += new TextDecoder().decode(chunk);
    })();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** A new pseudo-terminal behind the device's name. */
  plugIn(): Terminal {
    this.terminal = new Terminal();
    symlinkSync(this.terminal.path, this.device);
    return this.terminal;
  }

  /** Hangs the line up; its device is gone. */
  unplug(): void {
    unlinkSync(this.device);
    this.terminal.close();
  }

  async printed(expected: string | RegExp): Promise<void> {
    const found = (): boolean =>
      typeof expected === "string" ? this.output.includes(expected) : expected.test(this.output);
    await until(() => `${expected}: ${this.output}`, found);
  }

  /** Processor time in microseconds and memory in bytes. */
  async usage(): Promise<{ cpuUs: number; rssBytes: number }> {
    this.output = "";
    this.#child.kill("SIGUSR1");
    await this.printed(/usage \d+ \d+\n/);
    const [, cpuUs, rssBytes] = /usage (\d+) (\d+)/.exec(this.output) ?? [];
    return { cpuUs: Number(cpuUs), rssBytes: Number(rssBytes) };
  }

  /** Presses Enter until there is a prompt. */
  async wake(): Promise<void> {
    await this.terminal.until("PRESS ENTER\r\n");
    await this.terminal.type("\r");
    await this.terminal.until("wingman left> ");
  }

  /** Types a command; its answer with OK or ERR, without the echo and the prompt. */
  async ask(command: string): Promise<string> {
    await this.terminal.type(`${command}\r`);
    await this.terminal.until(`${command}\r\n`);
    const answer = await this.terminal.until(/(^|\n)(OK|ERR [A-Z]+)\r\nwingman left> /);
    return answer.slice(0, -"\r\nwingman left> ".length);
  }

  /** `wingman console` with this process's socket. */
  async wingman(
    args: readonly string[],
    input = "",
  ): Promise<{ code: number; out: string; err: string }> {
    const child = Bun.spawn(
      [process.execPath, MAIN, "console", "--run-dir", this.directory, ...args],
      {
        stdio: [new Blob([input]), "pipe", "pipe"],
      },
    );
    const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    return { code: await child.exited, out, err };
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
    this.terminal.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
