/**
 * A watchdog device (kernel documentation, watchdog-api). Once opened, it resets the machine unless
 * something is written within its time-out. Closing stops it only if the last byte written was 'V'
 * (and the driver was not built with "nowayout"). So it keeps running when a process dies, and the
 * next process that opens it continues feeding.
 */
import { statSync } from "node:fs";
import { EOPNOTSUPP, errno, SystemError } from "./errno.ts";
import { libc, O_CLOEXEC, O_NOCTTY, O_NONBLOCK, O_WRONLY } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";

/**
 * _IOWR('W', 6, int) and _IOR('W', 7, int): seconds; the first one returns the driver's actual
 * value.
 */
const WDIOC_SETTIMEOUT = 0xc004_5706;
const WDIOC_GETTIMEOUT = 0x8004_5707;
/** _IOR('W', 2, int): WDIOF_* bits that the driver found when the machine started. */
const WDIOC_GETBOOTSTATUS = 0x8004_5702;
/** The card caused the last reset. */
const WDIOF_CARDRESET = 0x20;

/** Answer of a descriptor that is no watchdog. */
const ENOTTY = 25;

/** Any byte but 'V'. */
const FOOD = 0x2e;
const MAGIC_CLOSE = 0x56;

export class HardwareWatchdog {
  /** The device's time-out: as requested, or as changed by its driver. */
  readonly timeoutS: number;
  /** Why the time-out could not be set: 0, or an errno; ENOTTY when the device is no watchdog. */
  readonly refused: number;
  /**
   * Whether the driver reports that this machine started because of a watchdog reset. It reports so
   * until the next start. Also false where the driver does not tell.
   */
  readonly hasResetMachine: boolean;
  readonly #fd: number;
  readonly #byte = new NativeMemory(1);

  /**
   * Start-up only. Opens the device, which starts it, and sets its time-out. A device without an
   * adjustable time-out is used as it is. When the time-out is refused, the device is stopped
   * again.
   * @throws SystemError when it cannot be opened (EBUSY: somebody else has it) or cannot have that
   * time-out (EINVAL); Error when it is neither a character device nor a FIFO
   */
  constructor(device: string, timeoutS: number) {
    // O_NOCTTY: the engine leads a session, and must not gain a controlling terminal.
    const fd = libc.open(
      nativeString(device).address,
      O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
      0,
    );
    if (fd < 0) throw new SystemError("maintenance.watchdog: open", errno(), device);
    this.#fd = fd;
    const file = statSync(`/proc/self/fd/${fd}`);
    if (!file.isCharacterDevice() && !file.isFIFO()) {
      libc.close(fd);
      throw new Error(
        `maintenance.watchdog: found ${device}, a file that is no device, expected a watchdog device`,
      );
    }
    const seconds = new NativeMemory(4);
    seconds.view.setInt32(0, timeoutS, true);
    this.refused = libc.ioctl(fd, WDIOC_SETTIMEOUT, seconds.address) < 0 ? errno() : 0;
    if (this.refused === EOPNOTSUPP && libc.ioctl(fd, WDIOC_GETTIMEOUT, seconds.address) < 0) {
      seconds.view.setInt32(0, timeoutS, true);
    }
    if (this.refused !== 0 && this.refused !== EOPNOTSUPP && this.refused !== ENOTTY) {
      this.disarm();
      throw new SystemError(
        "maintenance.watchdog: WDIOC_SETTIMEOUT",
        this.refused,
        `${timeoutS} s on ${device}`,
      );
    }
    this.timeoutS = seconds.view.getInt32(0, true);
    this.hasResetMachine = this.#bootStatus(seconds) === WDIOF_CARDRESET;
  }

  /** Writes one byte. Returns 0 or an errno; never waits. Makes no garbage. */
  feed(): number {
    return this.#write(FOOD);
  }

  /** Orderly end: stops the device so that it does not reset the machine. */
  disarm(): void {
    this.#write(MAGIC_CLOSE);
    libc.close(this.#fd);
  }

  /** WDIOF_CARDRESET or 0. */
  #bootStatus(flags: NativeMemory): number {
    flags.view.setInt32(0, 0, true);
    if (libc.ioctl(this.#fd, WDIOC_GETBOOTSTATUS, flags.address) < 0) return 0;
    return flags.view.getInt32(0, true) & WDIOF_CARDRESET;
  }

  #write(byte: number): number {
    this.#byte.bytes[0] = byte;
    return libc.write(this.#fd, this.#byte.address, 1) < 0 ? errno() : 0;
  }
}
