import { assert } from "../assert.ts";
import type { EventQueue } from "../boundary/event-queue.ts";
import type { Vip } from "../config/model.ts";
import { IPV6_COST, VIP_BATCH_MAX } from "../limits.ts";
import {
  encodeAddress,
  LIFETIME_INFINITE,
  MESSAGE_BYTES_MAX,
  NETLINK_ROUTE,
  NLM_F_ACK,
  NLM_F_CREATE,
  NLM_F_EXCL,
  NLM_F_REPLACE,
  RTM_DELADDR,
  RTM_NEWADDR,
  setRequest,
} from "../wire/rtnetlink.ts";
import { ABSENT, AddressDump, FOREIGN, OURS } from "./address-dump.ts";
import { EADDRNOTAVAIL, EEXIST, ENODEV, ETIMEDOUT, SystemError } from "./errno.ts";
import { removeMarkedAddresses, removeMarkedRoutes } from "./leftovers.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { interfaceIndexOf, requireInterface } from "./network-interface.ts";
import { SubnetRoutes } from "./subnet-routes.ts";
import { VipTable } from "./vip-table.ts";

/**
 * Answers to one batch and of a dump; the kernel charges about 1 KiB for each, the largest burst
 * here is 64.
 */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Kind of a queued message beside RTM_NEWADDR and RTM_DELADDR: restarts the lifetime of an existing
 * address.
 */
const RENEWAL = 0;

/** No Linux interface reaches this index. */
const NO_SUCH_INTERFACE = 0x7fff_fff0;
const REHEARSALS = 50;

/**
 * Adds VIPs to the client interface and removes them, a batch of functions at a time.
 *
 * Ownership of an address: the kernel keeps a mark with each of ours (IFA_PROTO, Linux 5.18). After
 * a crash the mark shows which addresses to remove; an address of the same value without it was set
 * by somebody else and is never deleted.
 *
 * Each VIP is independent: deleting one never affects another address (see installedPrefixLength).
 * Seats in the subnet of an IPv4 VIP are reached over the server's own address there or, when it
 * has none, over a route that comes with the VIP (SubnetRoutes). No VIP is ever the source of the
 * server's own traffic (see encodeAddress).
 */
export class VipSwitcher {
  /** Messages waiting for {@link commit}; never more than VIP_BATCH_MAX. */
  queued = 0;
  /** For each function of its last batch: 0 or errno. ETIMEDOUT: the kernel's answer was lost. */
  readonly result: Int32Array<ArrayBuffer>;
  /**
   * 1 for each VIP (numbered as in `table`) that equals a foreign address on the interface, seen at
   * start-up or when ours was refused. That address answers for the VIP whatever the servers agree
   * on.
   */
  readonly foreign: Uint8Array<ArrayBuffer>;
  /**
   * False when the kernel turns out not to keep the mark (before Linux 5.18), known after the first
   * address was added. Then leftovers of an earlier run cannot be recognised, and an existing
   * address counts as ours if this object added it.
   */
  marksKept = true;

  /**
   * 1 for each VIP that the kernel accepted from this object and that it was not asked to delete
   * since: those to renew.
   */
  readonly up: Uint8Array<ArrayBuffer>;
  /** For each VIP: why the kernel refused it at the last attempt to add it, or 0. */
  readonly refused: Int32Array<ArrayBuffer>;
  /** Cost of each VIP in IPv4 addresses, and the sum for those that are `up`. */
  readonly cost: Uint8Array<ArrayBuffer>;
  upCost = 0;

  readonly table: VipTable;
  private readonly netlink: NetlinkSocket;
  private readonly dump: AddressDump;
  private readonly routes: SubnetRoutes;
  private readonly interfaceName: NativeMemory;
  private interfaceIndex: number;
  private marksVerified = false;
  /** Whether `dump` shows the interface after the current batch. */
  private looked = false;

  /** 1 for each VIP that this object has added to the interface. */
  private readonly added: Uint8Array<ArrayBuffer>;
  private readonly slotVip = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  private readonly slotType = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  private readonly slotErrno = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  /** Cost of the VIPs of each function, in IPv4 addresses. */
  private readonly costOf: Int32Array<ArrayBuffer>;
  private queuedCost = 0;
  private readonly batch = new NativeMemory(VIP_BATCH_MAX * MESSAGE_BYTES_MAX);

  /**
   * Start-up. `vipsOfFunction[f]`: the VIPs of function f. `lifetimeS`: the kernel deletes a VIP
   * that was not renewed for this long, in s. Throws a SystemError when the interface does not
   * exist.
   */
  constructor(
    interfaceName: string,
    vipsOfFunction: readonly (readonly Vip[])[],
    private readonly lifetimeS = LIFETIME_INFINITE,
  ) {
    this.interfaceIndex = requireInterface(interfaceName);
    this.interfaceName = nativeString(interfaceName);
    this.table = new VipTable(vipsOfFunction);
    this.netlink = new NetlinkSocket(NETLINK_ROUTE, 0, RECEIVE_BUFFER_BYTES);
    this.dump = new AddressDump(this.netlink, this.table);
    this.routes = new SubnetRoutes(this.netlink, this.table);
    this.result = new Int32Array(new ArrayBuffer(4 * Math.max(1, vipsOfFunction.length)));
    this.foreign = new Uint8Array(new ArrayBuffer(Math.max(1, this.table.count)));
    this.added = new Uint8Array(new ArrayBuffer(Math.max(1, this.table.count)));
    this.up = new Uint8Array(new ArrayBuffer(Math.max(1, this.table.count)));
    this.refused = new Int32Array(new ArrayBuffer(4 * Math.max(1, this.table.count)));
    this.costOf = new Int32Array(new ArrayBuffer(4 * Math.max(1, vipsOfFunction.length)));
    this.cost = new Uint8Array(new ArrayBuffer(Math.max(1, this.table.count)));
    for (let vip = 0; vip < this.table.count; vip++) {
      this.cost[vip] = this.table.family[vip] === AF_INET ? 1 : IPV6_COST;
      this.costOf[this.table.functionOf[vip] as number] += this.cost[vip];
    }
  }

  /**
   * Start-up: deletes every address with our mark, whatever its value, and our subnet routes:
   * leftovers of a run that was killed. It does so on every interface of the network namespace:
   * Linux answers on any interface for an address on any other, and the configuration may have
   * named another interface then. Returns the number of deleted addresses; throws a SystemError
   * when the kernel refuses.
   */
  removeLeftovers(): number {
    const removed = removeMarkedAddresses(this.netlink);
    removeMarkedRoutes(this.netlink);
    const refused = this.dump.look(this.interfaceIndex);
    if (refused !== 0) throw new SystemError("netlink dump of addresses", refused);
    for (let vip = 0; vip < this.table.count; vip++)
      this.foreign[vip] = this.dump.state[vip] === ABSENT ? 0 : 1;
    return removed;
  }

  /**
   * Whether the function's VIPs still fit this batch, so that it takes the kernel no longer than
   * VIP_BATCH_MAX IPv4 addresses would. Every function fits an empty batch.
   */
  fits(index: number): boolean {
    return this.queuedCost + (this.costOf[index] as number) <= VIP_BATCH_MAX;
  }

  /** Queues the addition of all VIPs of the function. No garbage. */
  add(index: number): void {
    this.queue(index, RTM_NEWADDR);
  }

  /**
   * Queues the deletion of the function's VIPs that this object added; foreign ones stay. No
   * garbage.
   */
  remove(index: number): void {
    this.queue(index, RTM_DELADDR);
  }

  /**
   * Queues the addition of one refused VIP. Not between {@link add} or {@link remove} and {@link
   * commit}. No garbage.
   */
  addAgain(vip: number): void {
    this.enter(vip, RTM_NEWADDR);
  }

  /** Whether a VIP of the function answers here, in this batch: ours or a foreign one. */
  answersInPart(index: number): boolean {
    const end = this.table.firstOf[index + 1] as number;
    for (let vip = this.table.firstOf[index] as number; vip < end; vip++)
      if (this.up[vip] === 1 || (this.foreign[vip] === 1 && this.refused[vip] === 0)) return true;
    return false;
  }

  private queue(index: number, type: number): void {
    assert(this.queued + this.table.countOf(index) <= VIP_BATCH_MAX, "VIP batch is full");
    this.result[index] = 0;
    this.queuedCost += this.costOf[index] as number;
    const end = this.table.firstOf[index + 1] as number;
    for (let vip = this.table.firstOf[index] as number; vip < end; vip++) {
      if (type === RTM_DELADDR && this.added[vip] === 0 && !this.isQueued(vip)) continue;
      this.enter(vip, type);
    }
  }

  private enter(vip: number, type: number): void {
    assert(this.queued < VIP_BATCH_MAX, "VIP batch is full");
    this.slotVip[this.queued] = vip;
    this.slotType[this.queued] = type;
    this.queued++;
  }

  /** An addition counts as done when a deletion of the same VIP follows in the batch. */
  private isQueued(vip: number): boolean {
    for (let slot = 0; slot < this.queued; slot++) if (this.slotVip[slot] === vip) return true;
    return false;
  }

  /**
   * Sends the queue as one netlink batch, and reads the answers. Returns the number of functions
   * with an error; their `result` has the reason. It is no error to add a VIP that exists with our
   * mark, or to delete one that does not exist. EEXIST: somebody else has set the same address on
   * the interface; it is left alone, and the function's other VIPs were added all the same. An
   * interface that was replaced since the last batch is looked up again by its name. No garbage.
   */
  commit(): number {
    this.queuedCost = 0;
    if (this.queued === 0) return 0;
    this.exchange();
    if (this.hasErrno(ENODEV) && this.findInterface()) this.exchange();
    const mustLook =
      this.hasErrno(EEXIST) ||
      this.hasErrno(ETIMEDOUT) ||
      (!this.marksVerified && this.hasErrno(0));
    this.looked = mustLook && this.dump.look(this.interfaceIndex) === 0;
    let failed = 0;
    for (let slot = 0; slot < this.queued; slot++) failed += this.settle(slot);
    this.routes.commit(this.interfaceIndex);
    this.queued = 0;
    return failed;
  }

  /**
   * Queues the renewal of one VIP that is `up`. Not between {@link add} or {@link remove} and
   * {@link commit}. No garbage.
   */
  renew(vip: number): void {
    this.enter(vip, RENEWAL);
  }

  /**
   * Sends the queued renewals as one batch. A failed one is ignored: its turn comes again before
   * the address expires, and the kernel reports an expired address like one that somebody deleted.
   * A renewal recreates an address that is gone, so this must not be called after the process stood
   * still. No garbage.
   */
  commitRenewals(): void {
    this.exchange();
    this.queued = 0;
  }

  /**
   * Start-up: requests every VIP on an interface that does not exist, which the kernel refuses, so
   * that the path of a batch is compiled before a failover needs it.
   */
  rehearse(): void {
    const real = this.interfaceIndex;
    this.interfaceIndex = NO_SUCH_INTERFACE;
    for (let round = 0; round < REHEARSALS; round++) {
      const index = round % Math.max(1, this.table.functionCount);
      for (let next = index; next < this.table.functionCount && this.fits(next); next++)
        this.add(next);
      this.exchange();
      for (let slot = 0; slot < this.queued; slot++) this.settle(slot);
      this.queued = 0;
      this.queuedCost = 0;
      for (let vip = 0; vip < this.table.count && this.queued < VIP_BATCH_MAX; vip++)
        this.renew(vip);
      if (this.queued > 0) this.commitRenewals();
    }
    this.interfaceIndex = real;
    this.result.fill(0);
  }

  /**
   * The kernel drops subnet routes when the interface goes down, and keeps IPv4 addresses: call
   * this when it is up again. Returns 0 or errno. No garbage.
   */
  restoreRoutes(): number {
    this.findInterface();
    return this.routes.restore(this.interfaceIndex);
  }

  /**
   * Once per period: sets subnet routes again that somebody deleted or the kernel refused. No
   * garbage.
   */
  lookAfterRoutes(hasCarrier: boolean, nowUs: number, events: EventQueue): void {
    this.routes.lookAfter(this.interfaceIndex, hasCarrier, nowUs, events);
  }

  private findInterface(): boolean {
    const index = interfaceIndexOf(this.interfaceName);
    if (index === 0 || index === this.interfaceIndex) return false;
    this.interfaceIndex = index;
    this.added.fill(0); // gone with the old interface
    this.up.fill(0);
    this.upCost = 0;
    this.routes.forget();
    return true;
  }

  private hasErrno(errno: number): boolean {
    for (let slot = 0; slot < this.queued; slot++) if (this.slotErrno[slot] === errno) return true;
    return false;
  }

  /** Exchanges one batch with the kernel: fills `slotErrno`. */
  private exchange(): void {
    const { view, bytes } = this.batch;
    const { table } = this;
    const sequence = this.netlink.takeSequence(this.queued);
    let end = 0;
    for (let slot = 0; slot < this.queued; slot++) {
      const vip = this.slotVip[slot] as number;
      const type = this.slotType[slot] as number;
      const at = end;
      end += encodeAddress(
        view,
        bytes,
        at,
        type === RENEWAL ? RTM_NEWADDR : type,
        table.family[vip] as number,
        table.prefixLength[vip] as number,
        this.interfaceIndex,
        table.address,
        table.addressAt(vip),
        this.lifetimeS,
      );
      const flags =
        type === RTM_NEWADDR ? NLM_F_CREATE | NLM_F_EXCL : type === RENEWAL ? NLM_F_REPLACE : 0;
      setRequest(view, at, slot === this.queued - 1 ? flags | NLM_F_ACK : flags, sequence + slot);
      this.slotErrno[slot] = 0;
    }
    const refused = this.netlink.send(this.batch, 0, end);
    const outcome =
      refused === 0 ? this.netlink.readAnswers(sequence, this.queued, this.slotErrno) : refused;
    if (outcome === 0) return;
    // Without the last acknowledgement the outcome of slots without an error is unknown.
    for (let slot = 0; slot < this.queued; slot++)
      if (this.slotErrno[slot] === 0) this.slotErrno[slot] = outcome;
  }

  /** Processes one answer; returns 1 when it is its function's first error. */
  private settle(slot: number): number {
    const vip = this.slotVip[slot] as number;
    const errno = this.slotErrno[slot] as number;
    return this.slotType[slot] === RTM_NEWADDR
      ? this.settleAdded(vip, errno)
      : this.settleDeleted(vip, errno);
  }

  private settleAdded(vip: number, errno: number): number {
    if (errno === 0 && this.looked) this.verifyMark(vip);
    const isUp = errno === 0 || (errno === EEXIST && this.isOurs(vip));
    this.setUp(vip, isUp ? 1 : 0);
    this.refused[vip] = errno === EEXIST ? 0 : errno;
    if (isUp) {
      this.setAdded(vip, 1);
      this.foreign[vip] = 0;
      return 0;
    }
    if (errno === EEXIST) {
      this.foreign[vip] = 1;
      this.setAdded(vip, 0);
    } else if (errno === ETIMEDOUT) {
      // The VIP may exist: a later remove() must handle it. If one is seen there without our mark,
      // it is not ours: then the lost answer was a refusal.
      this.setAdded(vip, this.isForeign(vip) ? 0 : 1);
    } else this.setAdded(vip, 0);
    return this.fail(vip, errno);
  }

  /**
   * Whether an existing address is ours: by its mark or, when that is not available, by whether
   * this object added it.
   */
  private isOurs(vip: number): boolean {
    return this.looked && this.marksKept ? this.dump.state[vip] === OURS : this.added[vip] === 1;
  }

  /** Whether a foreign address was seen that keeps ours out. */
  private isForeign(vip: number): boolean {
    return this.looked && this.marksKept && this.dump.state[vip] === FOREIGN;
  }

  private verifyMark(vip: number): void {
    // deleted again meanwhile: the next one decides
    if (this.marksVerified || this.dump.state[vip] === ABSENT) return;
    this.marksKept = this.dump.state[vip] === OURS;
    this.marksVerified = true;
  }

  private settleDeleted(vip: number, errno: number): number {
    this.setUp(vip, 0);
    if (errno === 0 || errno === EADDRNOTAVAIL || errno === ENODEV) {
      this.setAdded(vip, 0);
      return 0;
    }
    return this.fail(vip, errno);
  }

  private setUp(vip: number, up: number): void {
    this.upCost += (up - (this.up[vip] as number)) * (this.cost[vip] as number);
    this.up[vip] = up;
  }

  private setAdded(vip: number, added: number): void {
    const change = added - (this.added[vip] as number);
    this.added[vip] = added;
    if (added === 1 || change !== 0) this.routes.count(vip, change);
  }

  /**
   * Errno of a subnet route that could not be set in the last batch, otherwise 0 (see
   * SubnetRoutes).
   */
  get routeErrno(): number {
    return this.routes.errno;
  }

  /**
   * The first error counts, but any other outranks EEXIST: with that alone the function answers.
   */
  private fail(vip: number, errno: number): number {
    const index = this.table.functionOf[vip] as number;
    const before = this.result[index] as number;
    if (before === 0 || before === EEXIST) this.result[index] = errno;
    return before === 0 ? 1 : 0;
  }

  /** Closes the sockets; the addresses stay. */
  close(): void {
    this.netlink.close();
    this.routes.close();
  }
}
