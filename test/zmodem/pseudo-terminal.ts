import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { EAGAIN, errno, SystemError } from "../../src/io/errno.ts";
import { libc } from "../../src/io/libc.ts";
import { NativeMemory } from "../../src/io/native-memory.ts";
import { openPseudoTerminal } from "../pseudo-terminal-pair.ts";

const EIO = 5;
const READ_BYTES = 4096;

/**
 * One end of a serial line without the line: what is written here is read by a program at the other
 * end, and vice versa.
 */
export class PseudoTerminal {
  /**
   * For the program at the other end; open until {@link close}, so that its end is no hang-up, as
   * on a real line.
   */
  readonly otherFd: number;
  readonly #fd: number;
  readonly #memory = new NativeMemory(READ_BYTES);
  #isOpen = true;

  constructor() {
    const { fd, path } = openPseudoTerminal();
    this.#fd = fd;
    this.otherFd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
    const stty = spawnSync("stty", ["-F", path, "raw", "-echo"]);
    if (stty.status !== 0) throw new Error(`stty: ${stty.stderr}`);
  }

  /** What has come, null when nothing has, undefined when the other end is gone. */
  read(): Uint8Array | null | undefined {
    const count = libc.read(this.#fd, this.#memory.address, READ_BYTES);
    if (count > 0) return this.#memory.bytes.slice(0, count);
    if (count === 0) return undefined;
    const error = errno();
    if (error === EAGAIN) return null;
    if (error === EIO) return undefined;
    throw new SystemError("read", error);
  }

  /** Writes what the line takes; how many bytes. */
  write(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, READ_BYTES);
    this.#memory.bytes.set(bytes.subarray(0, length));
    const count = libc.write(this.#fd, this.#memory.address, length);
    if (count >= 0) return count;
    const error = errno();
    if (error === EAGAIN || error === EIO) return 0;
    throw new SystemError("write", error);
  }

  /** Hangs up. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    libc.close(this.#fd);
    closeSync(this.otherFd);
  }
}
