/** The maintenance console of a machine, at the other end of its UART. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { RuntimeError } from "../../src/command-line/errors.ts";
import { SerialPort } from "../../src/io/serial-port.ts";
import { ConsoleClient, ConsoleFault } from "../../src/rig/console-client.ts";
import type { Machine } from "./machine.ts";

/** The port polls; QEMU notices within a second that somebody has opened the line. */
const CONNECT_MS_MAX = 30_000;
const DOWNLOAD_S_MAX = 60;
const WAKES_MAX = 4;

export class ConsoleLine {
  readonly client: ConsoleClient;
  /** Keeps the line open while no other process does: QEMU drops output to a closed one. */
  readonly #port: SerialPort;

  constructor(
    private readonly machine: Machine,
    baud: number,
  ) {
    this.#port = new SerialPort(machine.consoleDevice);
    this.client = new ConsoleClient(machine.server, machine.consoleDevice, baud, this.#port);
  }

  /** Presses Enter until the prompt comes; returns the time in ms. */
  async wake(): Promise<number> {
    const beganMs = performance.now();
    for (let tries = 1; ; tries++) {
      try {
        await this.client.connect(CONNECT_MS_MAX);
        return performance.now() - beganMs;
      } catch (error) {
        // A slow machine may answer the first Enter only after the second one.
        if (!(error instanceof ConsoleFault) || tries === WAKES_MAX) throw error;
      }
    }
  }

  /**
   * Receives a command's ZMODEM download with `rz`, like terminal programs. Returns the file.
   * @param directory new, only for it
   * @throws RuntimeError when it does not come
   */
  async download(command: string, directory: string): Promise<string> {
    mkdirSync(directory, { recursive: true });
    await this.wake();
    this.#port.write(Buffer.from(`${command}\r`, "latin1"));
    const script = 'exec timeout "$1" rz -b -q < "$0" > "$0"';
    const receiver = Bun.spawn(
      ["sh", "-c", script, this.machine.consoleDevice, String(DOWNLOAD_S_MAX)],
      { cwd: directory, stdio: ["ignore", "ignore", "pipe"] },
    );
    const said = await new Response(receiver.stderr).text();
    const exitCode = await receiver.exited;
    const [name] = readdirSync(directory);
    if (exitCode !== 0 || name === undefined)
      throw new RuntimeError(
        `${command}: rz ended with ${exitCode}, found ${name ?? "no file"}, expected one: ${said.trim()}`,
      );
    return join(directory, name);
  }

  close(): void {
    this.#port.close();
  }
}
