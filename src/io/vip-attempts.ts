import { EVENT_PROCESS, EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import { LOG_VIP_REFUSED, LOG_VIP_TAKEN } from "../boundary/maintenance-code.ts";
import {
  ATTEMPT_PAUSE_MS_MAX,
  ATTEMPT_PAUSE_MS_MIN,
  PUT_BACK_PAUSE_MS_MIN,
  VIP_ATTEMPTS_PER_PERIOD_MAX,
} from "../limits.ts";
import { Pauses } from "../upkeep/pauses.ts";
import { CONTROL_PROCESS_TRY } from "../wire/control.ts";
import type { Announcer } from "./announcer.ts";
import type { VipSwitcher } from "./vip-switcher.ts";

/**
 * Retries VIPs that the kernel refuses, for instance an IPv6 address while IPv6 is switched off. A
 * function serves as long as one of its VIPs can be set: a move would help the seats of the refused
 * VIPs, but cost its own. Each refused VIP is recorded, and retried after growing pauses until the
 * kernel accepts it or the function leaves. A function all of whose VIPs are refused fails here; it
 * may be retried here after growing pauses, too. No garbage after the constructor.
 */
export class VipAttempts {
  /** 1 for each function that is up here. */
  private readonly held: Uint8Array<ArrayBuffer>;
  /** 1 for each function whose VIPs were all refused the last time. */
  private readonly failed: Uint8Array<ArrayBuffer>;
  /** 1 for each VIP whose refusal is recorded. */
  private readonly recorded: Uint8Array<ArrayBuffer>;
  private readonly vipPauses: Pauses;
  private readonly functionPauses: Pauses;
  /** Nothing has failed, is refused, or is waiting to be recorded. */
  private isQuiet = true;
  private nowUs = 0;
  /** Some VIPs wait for the kernel's lock. */
  private waits = false;

  constructor(
    private readonly switcher: VipSwitcher,
    private readonly announcer: Announcer,
    /** Tells whether the kernel's lock is free; null when unknown. */
    private readonly lock: { isLockFree(): boolean } | null = null,
  ) {
    const { count, functionCount } = switcher.table;
    this.held = new Uint8Array(new ArrayBuffer(Math.max(1, functionCount)));
    this.failed = new Uint8Array(new ArrayBuffer(Math.max(1, functionCount)));
    this.recorded = new Uint8Array(new ArrayBuffer(Math.max(1, count)));
    const mostUs = ATTEMPT_PAUSE_MS_MAX * 1000;
    this.vipPauses = new Pauses(count, PUT_BACK_PAUSE_MS_MIN * 1000, mostUs);
    this.functionPauses = new Pauses(functionCount, ATTEMPT_PAUSE_MS_MIN * 1000, mostUs);
  }

  /** Notes that the function is up, perhaps in part. */
  noteUp(index: number): void {
    this.held[index] = 1;
    this.failed[index] = 0;
    this.functionPauses.forget(index);
    if (this.switcher.result[index] !== 0) this.isQuiet = false;
  }

  noteFailed(index: number): void {
    this.held[index] = 0;
    this.failed[index] = 1;
    this.isQuiet = false;
    this.functionPauses.note(index, this.nowUs);
  }

  noteRemoved(index: number): void {
    this.held[index] = 0;
  }

  /** Once a period. */
  lookAfter(nowUs: number, events: EventQueue): void {
    this.nowUs = nowUs;
    if (this.isQuiet) return;
    this.isQuiet = true;
    this.tryVips(nowUs);
    this.recordVips(events);
    this.releaseFunctions(nowUs, events);
  }

  /**
   * In every turn: tries VIPs that wait for the kernel's lock. The lock is known to be free only
   * briefly after the answer that wakes the loop; the next period may be too late.
   */
  tryWaiting(): void {
    if (!this.waits) return;
    this.waits = false;
    this.tryVips(this.nowUs);
  }

  private tryVips(nowUs: number): void {
    const { switcher } = this;
    const { table, refused } = switcher;
    for (let vip = 0; vip < table.count; vip++) {
      if (refused[vip] === 0 || this.held[table.functionOf[vip] as number] === 0) continue;
      this.isQuiet = false;
      if (nowUs < this.vipPauses.dueUs[vip]) continue;
      if (switcher.queued === VIP_ATTEMPTS_PER_PERIOD_MAX) break;
      if (switcher.queued === 0 && this.lock?.isLockFree() === false) {
        this.waits = true;
        break;
      }
      this.vipPauses.note(vip, nowUs);
      switcher.addAgain(vip);
    }
    if (switcher.queued > 0) switcher.commit();
  }

  /** Records newly refused VIPs, and those that are no longer refused or no longer wanted here. */
  private recordVips(events: EventQueue): void {
    const { table, refused } = this.switcher;
    for (let vip = 0; vip < table.count; vip++) {
      const index = table.functionOf[vip] as number;
      const isRefused = refused[vip] !== 0 && this.held[index] === 1 ? 1 : 0;
      if (isRefused === this.recorded[vip]) continue;
      const which = index | ((vip - table.firstOf[index]) << 16);
      const code = isRefused === 1 ? LOG_VIP_REFUSED : LOG_VIP_TAKEN;
      if (!events.push(EVENT_RECORD, code, which, isRefused === 1 ? refused[vip] : 0)) {
        this.isQuiet = false;
        return;
      }
      this.recorded[vip] = isRefused;
      if (isRefused === 0) this.vipPauses.forget(vip);
      if (isRefused === 0 && this.held[index] === 1) this.announcer.announce(index);
    }
  }

  private releaseFunctions(nowUs: number, events: EventQueue): void {
    for (let index = 0; index < this.failed.length; index++) {
      if (this.failed[index] === 0) continue;
      this.isQuiet = false;
      if (nowUs < this.functionPauses.dueUs[index]) continue;
      this.functionPauses.note(index, nowUs);
      events.push(EVENT_PROCESS, index, CONTROL_PROCESS_TRY);
    }
  }
}
