/**
 * A separate process that waits for the kernel in place of the flight loop (`wingman renew`). Every
 * change of an address needs the kernel's single lock for all changes of addresses and interfaces
 * in all namespaces, and another program may hold it for half a second.
 *
 * The process renews the VIPs that the loop names, and nothing else. A renewal in progress could
 * restore a VIP that was removed meanwhile: so {@link settle} precedes a removal. The loop adds and
 * removes VIPs itself, by its current knowledge. Before that it asks whether the lock is free: the
 * answer comes when it is.
 */
import { assert } from "../assert.ts";
import { LOCK_FREE_US, RENEWAL_SETTLE_MS, VIP_BATCH_MAX } from "../limits.ts";
import { EAGAIN, errno } from "./errno.ts";
import { libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";

/**
 * A request: u16 count, then that many u16 numbers of VIPs. An answer, and the greeting: one byte.
 */
export const RENEWAL_REQUEST_BYTES_MAX = 2 + 2 * VIP_BATCH_MAX;

const POLLIN = 1;
const TIMESPEC_AT = 8;

export class RenewalProcess {
  /** The process has ended: the loop renews itself again. */
  hasEnded = false;
  /** The process has sent its greeting. */
  hasBegun = false;
  /** A request is unanswered. */
  isBusy = false;
  /** VIPs in the request, being sent or gathered. */
  count = 0;
  /** Time of the last request, and the last time the process or the loop had the lock. */
  private askedUs = 0;
  private answeredUs = Number.NEGATIVE_INFINITY;
  private readonly request = new NativeMemory(RENEWAL_REQUEST_BYTES_MAX);
  private readonly answer = new NativeMemory(8);
  private readonly poll = new NativeMemory(TIMESPEC_AT + 16);

  /** @param fd our end of a socket pair with the process */
  constructor(readonly fd: number) {
    this.poll.view.setInt32(0, fd, true);
    this.poll.view.setInt16(4, POLLIN, true);
    this.poll.view.setUint32(TIMESPEC_AT, Math.floor(RENEWAL_SETTLE_MS / 1000), true);
    this.poll.view.setUint32(TIMESPEC_AT + 8, (RENEWAL_SETTLE_MS % 1000) * 1_000_000, true);
  }

  /** Takes its answer. @returns number of renewed VIPs. No garbage. */
  take(): number {
    if (this.hasEnded) return 0;
    const length = libc.recv(this.fd, this.answer.address, 8, MSG_DONTWAIT);
    if (length < 0 && errno() === EAGAIN) return 0;
    const done = this.count;
    this.hasEnded = length <= 0;
    this.hasBegun = true;
    this.isBusy = false;
    this.count = 0;
    this.answeredUs = nowUs();
    return done;
  }

  /**
   * Whether the kernel's lock was free a moment ago, as far as is known; if unknown, the process is
   * asked, and its answer tells. A process that has not begun, has ended, or does not answer for
   * very long knows nothing: then nobody waits for it. No garbage.
   */
  isLockFree(): boolean {
    if (!this.hasBegun || this.isBusy) this.take();
    if (this.hasEnded || !this.hasBegun) return true;
    if (this.count === 0 && nowUs() - this.answeredUs < LOCK_FREE_US) return true;
    if (this.isBusy) {
      if (nowUs() - this.askedUs < RENEWAL_SETTLE_MS * 1000) return false;
      this.end();
      return true;
    }
    this.send(); // no VIP: only the lock
    return this.hasEnded;
  }

  /** Asks for the lock before {@link isLockFree} wants the answer. Never waits. No garbage. */
  askAhead(): void {
    if (this.hasBegun && !this.hasEnded && !this.isBusy) this.send();
  }

  /** Notes that the loop itself just had the lock. */
  noteLock(): void {
    this.answeredUs = nowUs();
  }

  /** Adds a VIP to the request of the next {@link send}. No garbage. */
  add(vip: number): void {
    assert(this.count < VIP_BATCH_MAX, "a batch of renewals has room");
    this.request.view.setUint16(2 + 2 * this.count, vip, true);
    this.count++;
  }

  /** Never waits. No garbage. */
  send(): void {
    this.request.view.setUint16(0, this.count, true);
    const length = 2 + 2 * this.count;
    const sent = libc.send(this.fd, this.request.address, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    this.isBusy = true;
    this.askedUs = nowUs();
    if (sent !== length) this.end(); // a living process's empty queue accepts every request
  }

  /**
   * Waits until no renewal is in progress; a removal has to wait for the same lock anyway. A
   * process that does not answer for very long counts as ended. No garbage.
   */
  settle(): void {
    if (this.hasEnded || this.count === 0) return;
    libc.ppoll(this.poll.address, 1, this.poll.address + TIMESPEC_AT, 0);
    this.take();
    if (this.count > 0) this.end();
  }

  private end(): void {
    this.hasEnded = true;
    this.isBusy = false;
    this.count = 0;
  }
}
