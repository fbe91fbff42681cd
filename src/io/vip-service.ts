/**
 * VIPs as the flight loop wants them: effects are gathered into batches that fit between two
 * keep-alives, an address that came up is announced at once, and what became of each function is
 * reported as an event.
 */
import { assert } from "../assert.ts";
import type { AddressRenewal } from "../core/address-renewal.ts";
import {
  EFFECT_LOG,
  EFFECT_VIP_ADD,
  EFFECT_VIP_REMOVE,
  type EffectQueue,
} from "../core/effect-queue.ts";
import {
  EVENT_VIP_DOWN,
  EVENT_VIP_FAILED,
  EVENT_VIP_UP,
  type EventQueue,
} from "../core/event-queue.ts";
import { LOG_VIP_FOREIGN } from "../core/maintenance-code.ts";
import { FUNCTIONS_MAX, VIP_ATTEMPTS_MAX, VIP_BATCH_MAX } from "../limits.ts";
import type { Announcer } from "./announcer.ts";
import { EEXIST, ENOBUFS, ENOMEM, ETIMEDOUT } from "./errno.ts";
import type { VipSwitcher } from "./vip-switcher.ts";

export class VipService {
  private count = 0;
  private readonly kinds = new Uint8Array(new ArrayBuffer(VIP_BATCH_MAX));
  private readonly indices = new Uint16Array(new ArrayBuffer(2 * VIP_BATCH_MAX));
  /** Attempts in a row that the kernel refused, for each function. */
  private readonly attempts = new Uint8Array(new ArrayBuffer(FUNCTIONS_MAX));

  constructor(
    private readonly switcher: VipSwitcher,
    private readonly announcer: Announcer,
    private readonly functionCount: number,
    private readonly renewal: AddressRenewal,
  ) {}

  /**
   * Whether the next effect may be carried out in this turn: it fits the batch, and the function is
   * not in it yet.
   */
  takes(effects: EffectQueue): boolean {
    const kind = effects.peek();
    if (kind !== EFFECT_VIP_ADD && kind !== EFFECT_VIP_REMOVE) return true;
    const index = effects.peekIndex();
    if (this.count === VIP_BATCH_MAX || !this.switcher.fits(index)) return false;
    for (let slot = 0; slot < this.count; slot++) if (this.indices[slot] === index) return false;
    return true;
  }

  add(index: number): void {
    this.switcher.add(index);
    this.enter(EFFECT_VIP_ADD, index);
  }

  remove(index: number): void {
    this.switcher.remove(index);
    this.enter(EFFECT_VIP_REMOVE, index);
  }

  announce(index: number): void {
    this.announcer.announce(index);
  }

  /**
   * Sends the batch and what is to be announced, and reports the outcome of every function in it.
   */
  commit(events: EventQueue, effects: EffectQueue): void {
    if (this.count > 0) {
      this.switcher.commit();
      for (let slot = 0; slot < this.count; slot++) this.report(slot, events, effects);
      this.count = 0;
    }
    if (this.announcer.queued > 0) this.announcer.flush();
  }

  /** When {@link renew} is to be called at the latest. */
  get renewUs(): number {
    return this.renewal.wakeUs;
  }

  /** Renews the VIPs whose turn it is, at most a batch, after {@link commit}. Gives how many. */
  renew(nowUs: number): number {
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
    for (let index = 0; index < this.functionCount; index++) {
      if (!this.switcher.fits(index)) this.switcher.commit();
      this.switcher.remove(index);
    }
    this.switcher.commit();
  }

  /** The link is back: the kernel dropped the routes that came with it. */
  restore(): void {
    this.switcher.restoreRoutes();
  }

  private enter(kind: number, index: number): void {
    this.kinds[this.count] = kind;
    this.indices[this.count] = index;
    this.count++;
  }

  private report(slot: number, events: EventQueue, effects: EffectQueue): void {
    const index = this.indices[slot];
    const errno = this.switcher.result[index];
    if (this.kinds[slot] === EFFECT_VIP_REMOVE) {
      if (errno === 0) this.settle(events, EVENT_VIP_DOWN, index, 0);
      else {
        // It may still answer here: nobody is told that it is gone. In the end the supervisor
        // clears up.
        this.attempts[index]++;
        assert(this.attempts[index] < VIP_ATTEMPTS_MAX, "the kernel takes VIPs away");
        effects.push(EFFECT_VIP_REMOVE, index, 0, 0);
      }
      return;
    }
    if (errno !== 0 && errno !== EEXIST) {
      const mayPass = errno === ETIMEDOUT || errno === ENOMEM || errno === ENOBUFS;
      if (mayPass && ++this.attempts[index] < VIP_ATTEMPTS_MAX)
        effects.push(EFFECT_VIP_ADD, index, 0, 0);
      else this.settle(events, EVENT_VIP_FAILED, index, errno);
      return;
    }
    // Somebody else has set the same address here: the function answers, and the address is left
    // alone.
    if (errno === EEXIST) effects.push(EFFECT_LOG, LOG_VIP_FOREIGN, index, 0);
    this.announce(index);
    this.settle(events, EVENT_VIP_UP, index, 0);
  }

  private settle(events: EventQueue, kind: number, index: number, errno: number): void {
    this.attempts[index] = 0;
    // The hand-over waits for this answer; the loop keeps room for every function of a batch.
    assert(events.push(kind, index, errno), "answers of a batch fit the event queue");
  }
}
