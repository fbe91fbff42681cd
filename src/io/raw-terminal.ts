import { errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";

// Requests, flags and struct termios2 of the kernel's asm-generic/ioctls.h and termbits.h, see
// io/serial-port.
const TCGETS2 = 0x802c_542a;
const TCSETS2 = 0x402c_542b;
const TERMIOS_BYTES = 44;
const INPUT_FLAGS_AT = 0;
const OUTPUT_FLAGS_AT = 4;
const LOCAL_FLAGS_AT = 12;

/**
 * IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON: flags that change or hold back input
 * bytes.
 */
const INPUT_CHANGES = 0o1 | 0o2 | 0o10 | 0o40 | 0o100 | 0o200 | 0o400 | 0o2000;
/** OPOST: changes output bytes. */
const OUTPUT_CHANGES = 0o1;
/** ISIG, ICANON, ECHO, ECHONL, IEXTEN: keys that the terminal acts on itself, and its own echo. */
const KEYS_AND_ECHO = 0o1 | 0o2 | 0o10 | 0o100 | 0o100000;

/**
 * The terminal of this process in a mode that passes every byte unchanged until {@link restore},
 * file transfers included. The raw mode of Bun and Node puts a CR before each LF.
 */
export class RawTerminal {
  readonly #fd: number;
  readonly #before = new NativeMemory(TERMIOS_BYTES);

  /** Throws SystemError when `fd` is no terminal. */
  constructor(fd: number) {
    this.#fd = fd;
    if (libc.ioctl(fd, TCGETS2, this.#before.address) < 0)
      throw new SystemError("TCGETS2", errno());
    const raw = new NativeMemory(TERMIOS_BYTES);
    raw.bytes.set(this.#before.bytes);
    const clear = (at: number, flags: number): void =>
      raw.view.setUint32(at, raw.view.getUint32(at, true) & ~flags, true);
    clear(INPUT_FLAGS_AT, INPUT_CHANGES);
    clear(OUTPUT_FLAGS_AT, OUTPUT_CHANGES);
    clear(LOCAL_FLAGS_AT, KEYS_AND_ECHO);
    if (libc.ioctl(fd, TCSETS2, raw.address) < 0) throw new SystemError("TCSETS2", errno());
  }

  /** Ignores errors: a terminal that is gone needs no restoring. */
  restore(): void {
    libc.ioctl(this.#fd, TCSETS2, this.#before.address);
  }
}
