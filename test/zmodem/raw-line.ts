import { closeSync, constants, openSync } from "node:fs";
import { run } from "../harness/command.ts";
import { PseudoTerminal } from "../harness/pseudo-terminal.ts";

/** A line that carries every byte as it is. */
export class RawLine extends PseudoTerminal {
  /**
   * For the program at the other end; open until {@link close}, so that its end is no hang-up, as
   * on a real line.
   */
  readonly otherFd: number;
  #isOpen = true;

  constructor() {
    super();
    this.otherFd = openSync(this.path, constants.O_RDWR | constants.O_NOCTTY);
    run("stty", "-F", this.path, "raw", "-echo");
  }

  override close(): void {
    super.close();
    if (this.#isOpen) closeSync(this.otherFd);
    this.#isOpen = false;
  }
}
