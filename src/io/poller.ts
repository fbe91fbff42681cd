import { assert } from "../assert.ts";
import { EINTR, errno, SystemError } from "./errno.ts";
import { libc } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

/** Descriptors of one process: two networks, netlink, control sockets, and some spare ones. */
export const POLLED_MAX = 16;

/** struct pollfd: i32 fd, i16 events, i16 revents. */
const POLLFD_BYTES = 8;
const EVENTS_AT = 4;
const REVENTS_AT = 6;
const TIMESPEC_AT = POLLED_MAX * POLLFD_BYTES;

const POLLIN = 0x001;
const POLLNVAL = 0x020;
const NOBODY = -1;

/**
 * Waits for descriptors or a point in time, whichever comes first. Blocks the process: Bun's event
 * loop does not run meanwhile.
 */
export class Poller {
  /** The pollfds, then the remaining time as struct timespec. */
  readonly #memory = new NativeMemory(TIMESPEC_AT + 16);
  readonly #timespecAddress = this.#memory.address + TIMESPEC_AT;
  #count = 0;

  /** Start-up only. Watches `fd` for input; returns its slot. */
  add(fd: number): number {
    assert(fd >= 0, "a descriptor is open");
    assert(this.#count < POLLED_MAX, "a poller has a slot for each descriptor");
    const slot = this.#count++;
    this.#memory.view.setInt32(slot * POLLFD_BYTES, fd, true);
    this.#memory.view.setInt16(slot * POLLFD_BYTES + EVENTS_AT, POLLIN, true);
    return slot;
  }

  /** Stops watching `slot`: a descriptor whose other end is gone would be ready for ever. */
  remove(slot: number): void {
    assert(slot >= 0 && slot < this.#count, "a slot was added");
    this.#memory.view.setInt32(slot * POLLFD_BYTES, NOBODY, true);
    this.#memory.view.setInt16(slot * POLLFD_BYTES + REVENTS_AT, 0, true);
  }

  /** Sets whether input on `slot` ends a wait; an error ends it in any case. Makes no garbage. */
  watch(slot: number, wanted: boolean): void {
    assert(slot >= 0 && slot < this.#count, "a slot was added");
    this.#memory.view.setInt16(slot * POLLFD_BYTES + EVENTS_AT, wanted ? POLLIN : 0, true);
  }

  /**
   * Blocks until a descriptor is ready or {@link nowUs} has reached `untilUs`; with a time in the
   * past it only looks. Returns the number of ready descriptors; 0 at the time, or earlier on a
   * signal. Makes no garbage. Throws SystemError.
   */
  wait(untilUs: number): number {
    const leftUs = Math.max(0, untilUs - nowUs());
    const seconds = Math.floor(leftUs / 1_000_000);
    const view = this.#memory.view;
    view.setUint32(TIMESPEC_AT, seconds, true); // the upper words stay 0
    view.setUint32(TIMESPEC_AT + 8, (leftUs - seconds * 1_000_000) * 1000, true);
    const ready = libc.ppoll(this.#memory.address, this.#count, this.#timespecAddress, 0);
    if (ready >= 0) return ready;
    const error = errno();
    if (error !== EINTR) throw new SystemError("ppoll", error);
    return 0; // the kernel has cleared the last ready flags
  }

  /**
   * Whether the last {@link wait} found something to read: a message, the end of the other side, or
   * an error that the reader will meet. Makes no garbage.
   */
  isReadable(slot: number): boolean {
    const events = this.#memory.view.getInt16(slot * POLLFD_BYTES + REVENTS_AT, true);
    assert((events & POLLNVAL) === 0, "a watched descriptor stays open");
    return events !== 0;
  }
}
