import { EVENT_RECORD, type EventQueue } from "../boundary/event-queue.ts";
import { LOG_VIP_FOREIGN, LOG_VIP_FOREIGN_GONE } from "../boundary/maintenance-code.ts";
import { FOREIGN_ADDRESSES_MAX, REPORTS_PER_TURN_MAX } from "../limits.ts";
import {
  addressFamily,
  addressInterface,
  addressPrefixLength,
  findAddress,
  looksLikeOurs,
} from "../wire/rtnetlink.ts";
import type { VipTable } from "./vip-table.ts";

/**
 * Addresses of this server that equal a VIP and were set by somebody else, on any interface and
 * with any prefix length. Linux answers on every interface for an address on any other, so each of
 * them answers beside the owner of the function. Tracked by the kernel's notifications and dumps;
 * no garbage after the constructor.
 */
export class ForeignAddresses {
  /** More of them exist than are tracked: they are looked up again when one goes. */
  private incomplete = false;
  private count = 0;
  private readonly vips = new Int16Array(FOREIGN_ADDRESSES_MAX);
  private readonly interfaces = new Int32Array(FOREIGN_ADDRESSES_MAX);
  private readonly prefixLengths = new Uint8Array(FOREIGN_ADDRESSES_MAX);
  /** 1 where the current dump has shown it. */
  private readonly seen = new Uint8Array(FOREIGN_ADDRESSES_MAX);
  /** Per function: how many there are, and whether this is recorded. */
  private readonly ofFunction: Uint16Array<ArrayBuffer>;
  private readonly recorded: Uint8Array<ArrayBuffer>;
  private hasNews = false;

  constructor(private readonly table: VipTable) {
    this.ofFunction = new Uint16Array(new ArrayBuffer(2 * Math.max(1, table.functionCount)));
    this.recorded = new Uint8Array(new ArrayBuffer(Math.max(1, table.functionCount)));
  }

  /** A dump of all addresses begins or restarts. */
  beginDump(): void {
    this.seen.fill(0);
    this.incomplete = false;
  }

  /** The dump is complete: addresses that it did not show are gone. */
  endDump(): void {
    for (let row = this.count - 1; row >= 0; row--) if (this.seen[row] === 0) this.drop(row);
  }

  /** Takes a kernel message that an address exists. */
  take(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    const vip = this.vipOf(view, bytes, at, length);
    if (vip < 0) return;
    const row = this.find(vip, addressInterface(view, at), addressPrefixLength(view, at));
    if (looksLikeOurs(view, at, length)) {
      if (row >= 0) this.drop(row);
    } else if (row >= 0) this.seen[row] = 1;
    else this.add(vip, addressInterface(view, at), addressPrefixLength(view, at));
  }

  /**
   * Takes a kernel message that an address is gone.
   * @returns whether all addresses must be looked up again, because not all of them were tracked
   */
  takeGone(view: DataView, bytes: Uint8Array, at: number, length: number): boolean {
    const vip = this.vipOf(view, bytes, at, length);
    if (vip < 0) return false;
    const row = this.find(vip, addressInterface(view, at), addressPrefixLength(view, at));
    if (row < 0) return false;
    this.drop(row);
    return this.incomplete;
  }

  /**
   * Once per turn: records functions that gained their first such address or lost their last; a
   * bounded number per turn.
   */
  report(events: EventQueue): void {
    if (!this.hasNews) return;
    for (let index = 0, reports = 0; index < this.table.functionCount; index++) {
      const isThere = this.ofFunction[index] === 0 ? 0 : 1;
      if (this.recorded[index] === isThere) continue;
      const code = isThere === 1 ? LOG_VIP_FOREIGN : LOG_VIP_FOREIGN_GONE;
      if (reports === REPORTS_PER_TURN_MAX || !events.push(EVENT_RECORD, code, index)) return;
      reports++;
      this.recorded[index] = isThere;
    }
    this.hasNews = false;
  }

  private vipOf(view: DataView, bytes: Uint8Array, at: number, length: number): number {
    const addressAt = findAddress(view, at, length);
    return addressAt < 0 ? -1 : this.table.find(bytes, addressAt, addressFamily(view, at));
  }

  private find(vip: number, interfaceIndex: number, prefixLength: number): number {
    for (let row = 0; row < this.count; row++) {
      const same = this.vips[row] === vip && this.interfaces[row] === interfaceIndex;
      if (same && this.prefixLengths[row] === prefixLength) return row;
    }
    return -1;
  }

  private add(vip: number, interfaceIndex: number, prefixLength: number): void {
    if (this.count === FOREIGN_ADDRESSES_MAX) {
      this.incomplete = true;
      return;
    }
    const row = this.count++;
    this.vips[row] = vip;
    this.interfaces[row] = interfaceIndex;
    this.prefixLengths[row] = prefixLength;
    this.seen[row] = 1;
    this.change(vip, 1);
  }

  /** Removes a row; the last one takes its place. */
  private drop(row: number): void {
    this.change(this.vips[row], -1);
    const last = --this.count;
    this.vips[row] = this.vips[last];
    this.interfaces[row] = this.interfaces[last];
    this.prefixLengths[row] = this.prefixLengths[last];
    this.seen[row] = this.seen[last];
  }

  private change(vip: number, change: number): void {
    this.ofFunction[this.table.functionOf[vip] as number] += change;
    this.hasNews = true;
  }
}
