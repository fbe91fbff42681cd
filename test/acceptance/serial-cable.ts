import { SerialPort } from "../../src/io/serial-port.ts";
import { Terminal } from "../harness/terminal.ts";

const POLL_MS = 2;
const BAUD = 115_200;

/** A null-modem cable between two programs: each opens the path of its end as its serial line. */
export class SerialCable {
  /** The program at the server. */
  readonly serverEnd = new Terminal();
  /** The rig. */
  readonly rigEnd = new Terminal();
  /** false: nothing passes, as when the plug is out. */
  isPlugged = true;
  #isClosed = false;
  readonly #pumping: Promise<void>;

  constructor() {
    // A new pseudo-terminal echoes, and waits for whole lines, until somebody opens it raw; it then
    // stays so.
    for (const { path } of [this.serverEnd, this.rigEnd]) {
      const port = new SerialPort(path);
      if (port.open(BAUD) !== 0) throw new Error(`${path} cannot be opened`);
      port.close();
    }
    this.#pumping = this.#pump();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#pumping;
    this.serverEnd.close();
    this.rigEnd.close();
  }

  async #pump(): Promise<void> {
    for (; !this.#isClosed; await Bun.sleep(POLL_MS)) {
      this.#carry(this.serverEnd, this.rigEnd);
      this.#carry(this.rigEnd, this.serverEnd);
    }
  }

  #carry(from: Terminal, to: Terminal): void {
    while (from.receive() > 0);
    const taken = this.isPlugged ? to.write(Buffer.from(from.text, "latin1")) : from.text.length;
    from.text = from.text.slice(taken);
  }
}
