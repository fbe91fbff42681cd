import { statSync } from "node:fs";
import { assert } from "../assert.ts";
import { CONSOLE_READ_BYTES } from "../limits.ts";
import { EAGAIN, EINTR, errno } from "./errno.ts";
import { libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_RDWR } from "./libc.ts";
import { lineUser } from "./line-user.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

// Requests and flags of the kernel's asm-generic/ioctls.h and asm-generic/termbits.h: the same on
// x86-64 and arm64, with any C library.
const TCGETS2 = 0x802c_542a;
const TCSETSF2 = 0x402c_542d;
const TIOCOUTQ = 0x5411;
const TIOCEXCL = 0x540c;

/** Major numbers of the terminal ends of pseudo-terminals (Documentation/admin-guide/devices). */
const PSEUDO_MAJOR_MIN = 136;
const PSEUDO_MAJOR_MAX = 143;

// flock(2)
const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * struct termios2 of asm-generic/termbits.h, 44 bytes: u32 c_iflag, c_oflag, c_cflag, c_lflag; u8
 * c_line, c_cc[19]; u32 c_ispeed, c_ospeed in bits per second.
 */
const TERMIOS_BYTES = 44;
const INPUT_FLAGS_AT = 0;
const OUTPUT_FLAGS_AT = 4;
const CONTROL_FLAGS_AT = 8;
const LOCAL_FLAGS_AT = 12;
const CHARACTERS_AT = 17;
const INPUT_SPEED_AT = 36;
const OUTPUT_SPEED_AT = 40;
const CHARACTERS = 19;
const VMIN = 6;

/** Ignores breaks, and characters with a wrong stop bit. */
const IGNBRK = 0o1;
const IGNPAR = 0o4;
const CS8 = 0o60;
const CREAD = 0o200;
/** Ignores the modem lines: a three-wire cable has none. */
const CLOCAL = 0o4000;
/** The speed is in c_ospeed; the input has the same. */
const BOTHER = 0o10000;

/** Nothing to read, or no room to write, at the moment. */
export const SERIAL_NOTHING = 0;
/** The line hung up, or its device is gone: {@link SerialPort.close}, then open again. */
export const SERIAL_HUNG_UP = -1;

/**
 * A serial line or pseudo-terminal in raw mode: 8 data bits, no parity, 1 stop bit, no echo, no
 * flow control.
 *
 * Reading and writing never wait: the descriptor is non-blocking, and its user polls it every few
 * milliseconds. A stream of Bun would hold a thread of its pool while it waits, for ever when a
 * stuck line accepts nothing, and a small machine has two. Bun's event loop itself cannot watch a
 * tty.
 */
export class SerialPort {
  /** Bytes of the last {@link read}, valid until the next one. */
  readonly received = new NativeMemory(CONSOLE_READ_BYTES);
  readonly #outgoing = new NativeMemory(CONSOLE_READ_BYTES);
  readonly #termios = new NativeMemory(TERMIOS_BYTES);
  readonly #count = new NativeMemory(4);
  readonly #path: NativeMemory;
  #fd = -1;

  /** @param device absolute path */
  constructor(private readonly device: string) {
    this.#path = nativeString(device);
  }

  /**
   * Another program that uses the line, such as `agetty (pid 812)`; null when none is visible. Two
   * programs that read a line each get only part of the input.
   */
  usedBy(): string | null {
    try {
      return lineUser(this.device);
    } catch {
      return null; // no such device
    }
  }

  get isOpen(): boolean {
    return this.#fd >= 0;
  }

  /**
   * Opens the device at `baud` bits per second and discards earlier input. Returns 0 or an errno:
   * ENOENT, EIO (no hardware behind it), ENOTTY, EAGAIN (a program that locks the line, as terminal
   * programs do, has it) …
   */
  open(baud: number): number {
    assert(!this.isOpen, "a serial line is opened once");
    const fd = libc.open(this.#path.address, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) return errno();
    let failure = 0;
    if (libc.flock(fd, LOCK_EX | LOCK_NB) < 0) failure = errno();
    // Fails for anything but a tty.
    if (failure === 0 && libc.ioctl(fd, TCGETS2, this.#termios.address) < 0) failure = errno();
    if (failure === 0) {
      this.#encodeRaw(baud);
      if (libc.ioctl(fd, TCSETSF2, this.#termios.address) < 0) failure = errno();
    }
    if (failure === 0) {
      this.#fd = fd;
      // Keeps other unprivileged programs from opening it. Not for a pseudo-terminal: the kernel
      // would keep this for our own next run, for as long as the terminal lives.
      if (!this.#isPseudoTerminal()) libc.ioctl(fd, TIOCEXCL, 0);
    } else libc.close(fd);
    return failure;
  }

  /** Number of bytes now in {@link received}, SERIAL_NOTHING or SERIAL_HUNG_UP. */
  read(): number {
    const length = libc.read(this.#fd, this.received.address, CONSOLE_READ_BYTES);
    if (length > 0) return length;
    // With VMIN 1, EAGAIN means nothing to read, 0 a line that hung up (the kernel's
    // hung_up_tty_read), and EIO one that is gone.
    if (length === 0) return SERIAL_HUNG_UP;
    const reason = errno();
    return reason === EAGAIN || reason === EINTR ? SERIAL_NOTHING : SERIAL_HUNG_UP;
  }

  /**
   * Writes as many of `bytes` as the line accepts now. Returns their number, SERIAL_NOTHING or
   * SERIAL_HUNG_UP.
   */
  write(bytes: Uint8Array): number {
    const length = Math.min(bytes.length, CONSOLE_READ_BYTES);
    this.#outgoing.bytes.set(bytes.subarray(0, length));
    const written = libc.write(this.#fd, this.#outgoing.address, length);
    if (written >= 0) return written;
    const reason = errno();
    return reason === EAGAIN || reason === EINTR ? SERIAL_NOTHING : SERIAL_HUNG_UP;
  }

  /**
   * Bytes written but not yet on the line; 0 where the driver does not tell, as for
   * pseudo-terminals.
   */
  queued(): number {
    if (libc.ioctl(this.#fd, TIOCOUTQ, this.#count.address) < 0) return 0;
    return this.#count.view.getInt32(0, true);
  }

  close(): void {
    if (this.#fd >= 0) libc.close(this.#fd);
    this.#fd = -1;
  }

  #isPseudoTerminal(): boolean {
    const major = statSync(this.device).rdev >>> 8;
    return major >= PSEUDO_MAJOR_MIN && major <= PSEUDO_MAJOR_MAX;
  }

  #encodeRaw(baud: number): void {
    const { view, bytes } = this.#termios;
    view.setUint32(INPUT_FLAGS_AT, IGNBRK | IGNPAR, true);
    view.setUint32(OUTPUT_FLAGS_AT, 0, true);
    view.setUint32(CONTROL_FLAGS_AT, BOTHER | CS8 | CREAD | CLOCAL, true);
    view.setUint32(LOCAL_FLAGS_AT, 0, true);
    bytes.fill(0, CHARACTERS_AT, CHARACTERS_AT + CHARACTERS);
    bytes[CHARACTERS_AT + VMIN] = 1;
    view.setUint32(INPUT_SPEED_AT, baud, true);
    view.setUint32(OUTPUT_SPEED_AT, baud, true);
  }
}
