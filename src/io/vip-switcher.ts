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
 * Answers of one batch and of a dump; the kernel counts about 1 KiB for each, the largest burst
 * here is 64.
 */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Kind of a queued message beside RTM_NEWADDR and RTM_DELADDR: the lifetime of an address that is
 * there begins anew.
 */
const RENEWAL = 0;

/** No interface of Linux reaches this index. */
const NO_SUCH_INTERFACE = 0x7fff_fff0;
const REHEARSALS = 50;

/**
 * Puts VIPs on the client interface and takes them off, a batch of functions at a time.
 *
 * Whose an address is: the kernel keeps a mark with each of ours (IFA_PROTO, Linux 5.18). After a
 * crash it tells which addresses to take away; an address of the same value without it was put
 * there by somebody else and is never deleted.
 *
 * Every VIP stands alone: deleting one never touches another address (see installedPrefixLength).
 * Seats in the subnet of an IPv4 VIP are reached over the server's own address there, or, when it
 * has none, over a route that comes along (SubnetRoutes). No VIP is ever the source of the server's
 * own traffic (see encodeAddress).
 */
export class VipSwitcher {
  /** Messages waiting for {@link commit}; never more than VIP_BATCH_MAX. */
  queued = 0;
  /**
   * For each function of the last batch that it was in: 0 or errno. ETIMEDOUT: the kernel's answer
   * was lost.
   */
  readonly result: Int32Array<ArrayBuffer>;
  /**
   * 1 for each VIP (numbered as in `table`) that somebody else's address on the interface equals,
   * seen at start-up or when ours was refused. It answers for the VIP whatever the servers agree
   * on.
   */
  readonly foreign: Uint8Array<ArrayBuffer>;
  /**
   * False when the kernel turned out not to keep the mark (before Linux 5.18), known after the
   * first address was added: then nothing of an earlier run can be recognised, and whose an
   * existing address is goes by what this object added.
   */
  marksKept = true;

  /**
   * 1 for each VIP that the kernel took from this object and that it was not asked to delete since:
   * those to be renewed.
   */
  readonly up: Uint8Array<ArrayBuffer>;
  /** For each VIP: why the kernel refused it when it was to be added last, or 0. */
  readonly refused: Int32Array<ArrayBuffer>;
  /** What each VIP costs the kernel, in IPv4 addresses, and the sum of those that are `up`. */
  readonly cost: Uint8Array<ArrayBuffer>;
  upCost = 0;

  readonly table: VipTable;
  private readonly netlink: NetlinkSocket;
  private readonly dump: AddressDump;
  private readonly routes: SubnetRoutes;
  private readonly interfaceName: NativeMemory;
  private interfaceIndex: number;
  private marksVerified = false;
  /** Whether `dump` tells what stands on the interface after the batch that is being settled. */
  private looked = false;

  /** 1 for each VIP that this object has put on the interface. */
  private readonly added: Uint8Array<ArrayBuffer>;
  private readonly slotVip = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  private readonly slotType = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  private readonly slotErrno = new Int32Array(new ArrayBuffer(4 * VIP_BATCH_MAX));
  /** What the VIPs of each function cost, in IPv4 addresses. */
  private readonly costOf: Int32Array<ArrayBuffer>;
  private queuedCost = 0;
  private readonly batch = new NativeMemory(VIP_BATCH_MAX * MESSAGE_BYTES_MAX);

  /**
   * Start-up. `vipsOfFunction[f]`: the VIPs of function f. `lifetimeS`: the kernel deletes a VIP
   * that was not renewed for so long, in s. Throws a SystemError when the interface does not exist.
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
   * Start-up: deletes every address that carries our mark, whatever its value, and our subnet
   * routes: what an earlier run left when it was killed. On every interface of the network
   * namespace, because Linux answers on any interface for an address on any other, and the
   * configuration may have named another interface then. Gives the number of addresses deleted;
   * throws a SystemError when the kernel refuses.
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
   * VIP_BATCH_MAX IPv4 addresses would. Every function fits an empty one.
   */
  fits(index: number): boolean {
    return this.queuedCost + (this.costOf[index] as number) <= VIP_BATCH_MAX;
  }

  /** Queues adding all VIPs of the function. No garbage. */
  add(index: number): void {
    this.queue(index, RTM_NEWADDR);
  }

  /**
   * Queues deleting the VIPs of the function that this object added; those that somebody else put
   * there stay. No garbage.
   */
  remove(index: number): void {
    this.queue(index, RTM_DELADDR);
  }

  /**
   * Queues adding one VIP that was refused. Not between {@link add} or {@link remove} and {@link
   * commit}. No garbage.
   */
  addAgain(vip: number): void {
    this.enter(vip, RTM_NEWADDR);
  }

  /** Whether a VIP of the function answers here, in this batch: ours, or somebody else's. */
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

  /** An addition in the same batch counts as done when the deletion after it is carried out. */
  private isQueued(vip: number): boolean {
    for (let slot = 0; slot < this.queued; slot++) if (this.slotVip[slot] === vip) return true;
    return false;
  }

  /**
   * Sends what is queued as one netlink batch, and reads the answers. Gives the number of functions
   * with an error, whose `result` tells which. What was to be added and is there with our mark, or
   * was to be deleted and is not there, is no error. EEXIST: somebody else has put the same address
   * on the interface; it is left alone, and the function's other VIPs were added all the same. An
   * interface that was made anew since the last batch is looked up again by its name. No garbage.
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
   * Queues a renewal of one VIP that is `up`. Not between {@link add} or {@link remove} and {@link
   * commit}. No garbage.
   */
  renew(vip: number): void {
    this.enter(vip, RENEWAL);
  }

  /**
   * Sends the renewals that are queued as one batch. One that fails is not looked at: its turn
   * comes again before the address expires, and an address that did expire is reported by the
   * kernel like one that somebody deleted. An address that is not there any more the kernel makes
   * anew: who stood still since it was last renewed must not call this. No garbage.
   */
  commitRenewals(): void {
    this.exchange();
    this.queued = 0;
  }

  /**
   * Start-up: asks the kernel for every VIP on an interface that does not exist, which it refuses,
   * so that the compiler has seen the way of a batch before a failover has to wait for it.
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
   * The kernel forgets subnet routes when the interface goes down, and keeps IPv4 addresses: call
   * this when it is up again. 0 or errno. No garbage.
   */
  restoreRoutes(): number {
    this.findInterface();
    return this.routes.restore(this.interfaceIndex);
  }

  /**
   * Once a period: the subnets' routes are set again where somebody deleted one, or the kernel
   * refused it. No garbage.
   */
  lookAfterRoutes(hasCarrier: boolean, nowUs: number, events: EventQueue): void {
    this.routes.lookAfter(this.interfaceIndex, hasCarrier, nowUs, events);
  }

  private findInterface(): boolean {
    const index = interfaceIndexOf(this.interfaceName);
    if (index === 0 || index === this.interfaceIndex) return false;
    this.interfaceIndex = index;
    this.added.fill(0); // went away with the old interface
    this.up.fill(0);
    this.upCost = 0;
    this.routes.forget();
    return true;
  }

  private hasErrno(errno: number): boolean {
    for (let slot = 0; slot < this.queued; slot++) if (this.slotErrno[slot] === errno) return true;
    return false;
  }

  /** One batch to the kernel and back: fills `slotErrno`. */
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
    // Without the last acknowledgement nothing is known of the slots that reported no error.
    for (let slot = 0; slot < this.queued; slot++)
      if (this.slotErrno[slot] === 0) this.slotErrno[slot] = outcome;
  }

  /** Takes one answer into the books; gives 1 when it is its function's first error. */
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
      // It may be there: a later remove() must look after it. What is seen there without our mark
      // is not ours: the answer that was lost was the kernel's refusal.
      this.setAdded(vip, this.isForeign(vip) ? 0 : 1);
    } else this.setAdded(vip, 0);
    return this.fail(vip, errno);
  }

  /**
   * Whether an address that exists is ours: by its mark, or, when that cannot be seen, by whether
   * this object added it.
   */
  private isOurs(vip: number): boolean {
    return this.looked && this.marksKept ? this.dump.state[vip] === OURS : this.added[vip] === 1;
  }

  /** Whether an address of somebody else was seen that keeps ours away. */
  private isForeign(vip: number): boolean {
    return this.looked && this.marksKept && this.dump.state[vip] === FOREIGN;
  }

  private verifyMark(vip: number): void {
    // deleted again meanwhile: the next one will tell
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
   * Why a route to the subnet of the VIPs could not be set in the last batch, 0 when it could (see
   * SubnetRoutes).
   */
  get routeErrno(): number {
    return this.routes.errno;
  }

  /** The first error counts, but any other before EEXIST: with that alone the function answers. */
  private fail(vip: number, errno: number): number {
    const index = this.table.functionOf[vip] as number;
    const before = this.result[index] as number;
    if (before === 0 || before === EEXIST) this.result[index] = errno;
    return before === 0 ? 1 : 0;
  }

  /** Gives the socket back; the addresses stay. */
  close(): void {
    this.netlink.close();
    this.routes.close();
  }
}
