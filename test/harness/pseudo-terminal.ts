import { EAGAIN, errno, SystemError } from "../../src/io/errno.ts";
import { libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "../../src/io/libc.ts";
import { NativeMemory, nativeString } from "../../src/io/native-memory.ts";

// asm-generic/ioctls.h: unlocks the other end; tells its number in /dev/pts; struct termios2.
const TIOCSPTLCK = 0x4004_5431;
const TIOCGPTN = 0x8004_5430;
const TCGETS2 = 0x802c_542a;

const EIO = 5;
const BUFFER_BYTES = 16_384;

const multiplexer = nativeString("/dev/ptmx");
const number = new NativeMemory(4);
const buffer = new NativeMemory(BUFFER_BYTES);

/**
 * One end of a serial line without the line: what is written here is read by the program that has
 * opened `path`, and vice versa. Nothing blocks.
 */
export class PseudoTerminal {
  readonly path: string;
  #fd: number;

  constructor() {
    this.#fd = libc.open(multiplexer.address, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
    if (this.#fd < 0) throw new SystemError("open", errno(), "/dev/ptmx");
    number.view.setInt32(0, 0, true);
    this.#control(TIOCSPTLCK, "TIOCSPTLCK", number);
    this.#control(TIOCGPTN, "TIOCGPTN", number);
    this.path = `/dev/pts/${number.view.getInt32(0, true)}`;
  }

  /**
   * Received bytes, at most `bytesMax`; null when there are none, undefined when the other end is
   * gone.
   */
  read(bytesMax = BUFFER_BYTES): Uint8Array | null | undefined {
    if (this.#fd < 0) return undefined;
    const count = libc.read(this.#fd, buffer.address, Math.min(bytesMax, BUFFER_BYTES));
    if (count > 0) return buffer.bytes.slice(0, count);
    if (count === 0) return undefined;
    const error = errno();
    if (error === EAGAIN) return null;
    if (error === EIO) return undefined;
    throw new SystemError("read", error);
  }

  /** Writes what the line takes now; how many bytes. */
  write(bytes: Uint8Array): number {
    if (this.#fd < 0) return 0;
    const length = Math.min(bytes.length, BUFFER_BYTES);
    buffer.bytes.set(bytes.subarray(0, length));
    const count = libc.write(this.#fd, buffer.address, length);
    if (count >= 0) return count;
    const error = errno();
    if (error === EAGAIN || error === EIO) return 0;
    throw new SystemError("write", error);
  }

  /** How the program has set the line: flags of struct termios2, and its output speed. */
  get line(): { local: number; control: number; speed: number } {
    const termios = new NativeMemory(44);
    this.#control(TCGETS2, "TCGETS2", termios);
    const at = (offset: number): number => termios.view.getUint32(offset, true);
    return { local: at(12), control: at(8), speed: at(40) };
  }

  /** Hangs up. */
  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }

  #control(request: number, name: string, argument: NativeMemory): void {
    if (libc.ioctl(this.#fd, request, argument.address) < 0) throw new SystemError(name, errno());
  }
}
