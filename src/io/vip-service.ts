/**
 * VIPs for the flight loop: effects are collected into batches that fit between two keep-alives, a
 * new address is announced at once, and the outcome for each function is reported as an event.
 */
import { assert } from "../assert.ts";
import { EFFECT_VIP_ADD, EFFECT_VIP_REMOVE } from "../boundary/effect-queue.ts";
import {
  EVENT_RECORD,
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_STAYS,
  EVENT_VIP_UP,
  type EventQueue,
} from "../boundary/event-queue.ts";
import { LOG_RENEWALS_ENDED, LOG_VIPS_HELD_UP } from "../boundary/maintenance-code.ts";
import { VIP_BATCH_MAX, VIPS_HELD_UP_MS } from "../limits.ts";
import type { AddressRenewal } from "../upkeep/address-renewal.ts";
import { AnnouncementSeries } from "../upkeep/announcement-series.ts";
import type { Announcer } from "./announcer.ts";
import { EEXIST, ENOBUFS, ENOMEM, ETIMEDOUT } from "./errno.ts";
import { nowUs } from "./monotonic-clock.ts";
import type { RenewalProcess } from "./renewal-process.ts";
import { VipAttempts } from "./vip-attempts.ts";
import type { VipSwitcher } from "./vip-switcher.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Tells whoever silences foreign VIPs which functions this server owns: ProgramLease. */
export interface Ownership {
  setOwned(index: number, isOwned: boolean): void;
}

export class VipService {
  private count = 0;
  /** The end of the renewal process is recorded. */
  private endRecorded = false;
  /** Since when VIPs wait for the kernel's lock; NEVER: none do. */
  private heldSinceUs = NEVER;
  /** Waiting time in µs to record; 0: nothing. */
  private heldUpUs = 0;
  private readonly attempts: VipAttempts;
  private readonly series: AnnouncementSeries;
  /** Time of the last period. */
  private nowUs = 0;
  private readonly kinds = new Uint8Array(new ArrayBuffer(VIP_BATCH_MAX));
  private readonly indices = new Uint16Array(new ArrayBuffer(2 * VIP_BATCH_MAX));

  constructor(
    private readonly switcher: VipSwitcher,
    private readonly announcer: Announcer,
    private readonly functionCount: number,
    private readonly renewal: AddressRenewal,
    /** Renews in place of the loop; null when the loop does so itself. */
    private readonly process: RenewalProcess | null = null,
    /** Lets only the VIPs of owned functions answer; null when every address answers. */
    private readonly ownership: Ownership | null = null,
  ) {
    this.attempts = new VipAttempts(switcher, announcer, process);
    this.series = new AnnouncementSeries(functionCount);
  }

  /**
   * Whether the effect may be carried out in this turn: it fits the batch, and the function is not
   * in it yet. While somebody holds the kernel's lock, only a removal that must not wait may.
   */
  hasRoom(kind: number, index: number, mayWait: boolean): boolean {
    if (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) return true;
    if (this.count === VIP_BATCH_MAX || !this.switcher.fits(index)) return false;
    for (let slot = 0; slot < this.count; slot++) if (this.indices[slot] === index) return false;
    return this.mayMove(mayWait || kind === EFFECT_VIP_ADD);
  }

  /** Whether moves of VIPs wait for the kernel's lock: the process's answer wakes the loop. */
  get isHeldUp(): boolean {
    return this.heldSinceUs !== NEVER;
  }

  /**
   * Whether the kernel's lock is free, as far as is known. If somebody takes it before the batch
   * does, the loop waits, as it does without the process.
   */
  private mayMove(mayWait: boolean): boolean {
    const waits = mayWait && this.count === 0 && this.process !== null;
    const isFree = !waits || this.process.isLockFree();
    if (!isFree && this.heldSinceUs === NEVER) this.heldSinceUs = nowUs();
    if (isFree && this.heldSinceUs !== NEVER) {
      this.heldUpUs = nowUs() - this.heldSinceUs;
      this.heldSinceUs = NEVER;
    }
    return isFree;
  }

  add(index: number): void {
    this.ownership?.setOwned(index, true); // before it exists and is announced
    this.switcher.add(index);
    this.enter(EFFECT_VIP_ADD, index);
  }

  remove(index: number): void {
    this.ownership?.setOwned(index, false);
    this.process?.settle();
    this.switcher.remove(index);
    this.enter(EFFECT_VIP_REMOVE, index);
    this.attempts.noteRemoved(index);
    this.series.end(index);
    this.announcer.withdraw(index);
  }

  announce(index: number): void {
    this.announcer.announce(index);
  }

  /**
   * Sends the batch and the announcements, and reports the outcome of every function in it.
   * `moreFollow`: other VIPs move at once afterwards.
   */
  commit(events: EventQueue, moreFollow: boolean): void {
    this.recordWaits(events);
    if (this.count === 0) this.attempts.tryWaiting();
    if (this.count > 0) {
      this.switcher.commit();
      this.process?.noteLock();
      if (moreFollow) this.process?.askAhead();
      for (let slot = 0; slot < this.count; slot++) this.report(slot, events);
      this.count = 0;
    }
    if (this.announcer.queued > 0) this.announcer.flush(moreFollow);
  }

  private recordWaits(events: EventQueue): void {
    if (this.process?.hasEnded === true && !this.endRecorded)
      this.endRecorded = events.push(EVENT_RECORD, LOG_RENEWALS_ENDED, 0, 0);
    if (this.heldUpUs >= VIPS_HELD_UP_MS * 1000)
      events.push(EVENT_RECORD, LOG_VIPS_HELD_UP, Math.floor(this.heldUpUs / 1000), 0);
    this.heldUpUs = 0;
  }

  /** Latest time for the next {@link renew}. */
  get renewUs(): number {
    // The process's answer wakes the loop.
    return this.process?.isBusy === true ? NEVER : this.renewal.wakeUs;
  }

  /**
   * Renews the VIPs that are due, at most a batch, after {@link commit}, or has them renewed.
   * Returns the number of renewed VIPs.
   */
  renew(nowUs: number): number {
    const { switcher, renewal, process } = this;
    if (process === null || process.hasEnded) return this.renewHere(nowUs);
    const done = process.take();
    if (process.isBusy) return 0;
    if (!process.hasBegun) return this.renewHere(nowUs);
    renewal.begin(nowUs, switcher.upCost);
    for (let vip = renewal.next(switcher.up, switcher.cost); vip >= 0; ) {
      process.add(vip);
      vip = renewal.next(switcher.up, switcher.cost);
    }
    if (process.count > 0) process.send();
    return done;
  }

  private renewHere(nowUs: number): number {
    const { switcher, renewal } = this;
    renewal.begin(nowUs, switcher.upCost);
    let count = 0;
    for (let vip = renewal.next(switcher.up, switcher.cost); vip >= 0; count++) {
      switcher.renew(vip);
      vip = renewal.next(switcher.up, switcher.cost);
    }
    if (count > 0) switcher.commitRenewals();
    return count;
  }

  /** Lets go of everything at once; used when the process is about to end. */
  removeAll(): void {
    // Silence first: removing may wait for the kernel's lock.
    for (let index = 0; index < this.functionCount; index++) this.ownership?.setOwned(index, false);
    this.process?.settle();
    for (let index = 0; index < this.functionCount; index++) {
      if (!this.switcher.fits(index)) this.switcher.commit();
      this.switcher.remove(index);
    }
    this.switcher.commit();
  }

  /** The link is back: restores the routes that the kernel dropped with it. */
  restore(): void {
    this.switcher.restoreRoutes();
  }

  /** Once per period: retries what failed, and restores what somebody undid. */
  lookAfter(hasCarrier: boolean, nowUs: number, events: EventQueue): void {
    const { series } = this;
    this.nowUs = nowUs;
    this.attempts.lookAfter(nowUs, events);
    series.beginPeriod(nowUs);
    for (let index = series.next(nowUs); index >= 0; index = series.next(nowUs))
      this.announce(index);
    this.switcher.lookAfterRoutes(hasCarrier, nowUs, events);
  }

  private enter(kind: number, index: number): void {
    this.kinds[this.count] = kind;
    this.indices[this.count] = index;
    this.count++;
  }

  private report(slot: number, events: EventQueue): void {
    const index = this.indices[slot];
    const errno = this.switcher.result[index];
    if (this.kinds[slot] === EFFECT_VIP_REMOVE) {
      settle(events, errno === 0 ? EVENT_VIP_DOWN : EVENT_VIP_STAYS, index, errno, 0);
    } else if (errno !== 0 && errno !== EEXIST && !this.servesInPart(index, errno)) {
      this.ownership?.setOwned(index, false);
      this.attempts.noteFailed(index);
      const mayPass = errno === ETIMEDOUT || errno === ENOMEM || errno === ENOBUFS;
      settle(events, EVENT_VIP_FAILED, index, errno, mayPass ? 1 : 0);
    } else {
      // EEXIST: somebody else has set the same address here. The function answers, the address is
      // left alone, and ForeignAddresses records it.
      this.announce(index);
      this.attempts.noteUp(index);
      this.series.begin(index, this.nowUs);
      settle(events, EVENT_VIP_UP, index, 0, 0);
    }
  }

  /**
   * Whether the kernel refuses a VIP for good and has others. When an answer was lost, it is asked
   * again.
   */
  private servesInPart(index: number, errno: number): boolean {
    return errno !== ETIMEDOUT && this.switcher.answersInPart(index);
  }
}

/** The hand-over waits for this answer; the loop keeps room for every function of a batch. */
function settle(events: EventQueue, kind: number, index: number, errno: number, more: number) {
  assert(events.push(kind, index, errno, more), "answers of a batch fit the event queue");
}
