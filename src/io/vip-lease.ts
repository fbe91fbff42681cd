import { assert } from "../assert.ts";
import type { Vip } from "../config/model.ts";
import { LEASE_LATENESS_MS, LEASE_MS_MAX, LEASE_MS_MIN } from "../limits.ts";
import { type NftablesBatch, TABLE_OWNED, TABLE_PERSISTS } from "../wire/nftables.ts";
import { elementExpirationMs } from "../wire/nftables-answers.ts";
import {
  encodeVipFilter,
  type FilterPlaces,
  filterBytesMax,
  interfaceKey,
  SET_LEASE,
  SET_UNBROKEN,
  TABLE,
} from "../wire/vip-filter.ts";
import { EINVAL, ENODEV, EOPNOTSUPP, EPERM, ETIME, SystemError } from "./errno.ts";
import { libc, SIOCGIFINDEX, SO_SNDBUFFORCE, SOL_SOCKET } from "./libc.ts";
import { nowUs } from "./monotonic-clock.ts";
import { NativeMemory } from "./native-memory.ts";
import type { NetlinkSocket } from "./netlink-socket.ts";
import { INTERFACE_NAME_BYTES, requireInterface } from "./network-interface.ts";
import { addressesOf, Batch, NftablesExchange, netfilterSocket } from "./nftables-exchange.ts";

/** Size of a batch with a few messages: renewal, lapse, removal. */
const SMALL_BATCH_BYTES = 1024;

/** Sequence numbers per batch: more than the filter has messages. */
const SEQUENCES = 256;

/**
 * Times of the trial at start-up: far apart, so that no delay between its steps can affect the
 * result.
 */
const TRIAL_TIMEOUT_MS = 600_000;
const TRIAL_EXPIRATION_MS = 60_000;

// struct ifreq: the name, then the answer.
const REQUEST_BYTES = 40;
const OPTION_AT = REQUEST_BYTES;

/**
 * The VIPs of this server answer on the client interface only while a lease runs, which the flight
 * loop renews every period. When it no longer does, because it was killed, paused, starved, or the
 * machine stood still, the kernel itself falls silent for all VIPs at most `leaseMs` after the last
 * renewal, with addresses and services still up (PROTOCOL.md, "Lease"; what is filtered:
 * wire/vip-filter).
 *
 * A renewal extends only a lease that still runs: one that ran out cannot come back to life in a
 * process that was paused just before it renews. The kernel decides that, with the element of the
 * set "unbroken": a renewal deletes it, which fails for an expired one, and with it the whole
 * batch. So an unbroken row of renewals proves that this process never slept for longer than a
 * lease, and a new one begins only with {@link begin}, when nothing is owned.
 *
 * The filter stays when the process ends, however it ends. {@link remove} alone opens it; by hand
 * `nft delete table netdev wingman` does. After {@link install} no call makes garbage or waits for
 * an answer: nftables has done, or refused, a batch when `send` returns. (Should another process
 * just then load a large rule set, `send` waits for that.)
 */
export class VipLease {
  /**
   * Whether the kernel can move the expiration of an element (Linux 6.12); otherwise a renewal
   * replaces it. Known after {@link install}.
   */
  canRenewInPlace = false;
  /**
   * Whether other processes are kept from changing the filter while this one lives (Linux 6.9).
   * Known after {@link install}.
   */
  isProtected = false;

  private readonly netlink: NetlinkSocket;
  private readonly exchange: NftablesExchange;
  private readonly scratch = new NativeMemory(48);
  private readonly key: Uint8Array<ArrayBuffer>;
  private readonly ipv4: Uint8Array<ArrayBuffer>;
  private readonly ipv6: Uint8Array<ArrayBuffer>;
  private beginning: Batch;
  private renewal: Batch;
  private readonly lapsing: Batch;
  private readonly removal: Batch;
  /** Interface that has the filter; another one of the same name has none. */
  private interfaceIndex = 0;
  /** Time before the last renewal was sent, and its length. */
  private renewedUs = 0;
  private lengthMs: number;

  /**
   * Start-up. `vipsOfFunction[f]`: the VIPs of function f; all VIPs of the aircraft, whether or not
   * this server may own them. `leaseMs`: LEASE_MS_MIN … LEASE_MS_MAX. The kernel rounds it down to
   * whole ticks of its timer (1, 4 or 10 ms) and counts from the current tick: the lease ends up to
   * two ticks early, never late. `asOlderKernel`: renews and protects like Linux before 6.9, on any
   * kernel. Throws a SystemError.
   */
  constructor(
    private readonly interfaceName: string,
    vipsOfFunction: readonly (readonly Vip[])[],
    private readonly leaseMs: number,
    private readonly asOlderKernel = false,
  ) {
    assert(
      Number.isInteger(leaseMs) && leaseMs >= LEASE_MS_MIN && leaseMs <= LEASE_MS_MAX,
      "length of a lease",
    );
    this.lengthMs = leaseMs;
    this.netlink = netfilterSocket("VIP lease");
    this.exchange = new NftablesExchange(this.netlink);
    this.key = interfaceKey(interfaceName);
    this.ipv4 = addressesOf(vipsOfFunction, 4);
    this.ipv6 = addressesOf(vipsOfFunction, 6);
    this.beginning = this.filter(0, true).batch;
    this.renewal = this.renewalBatch();
    this.lapsing = this.smallBatch((content) => {
      content.flushSet(TABLE, SET_LEASE);
      content.flushSet(TABLE, SET_UNBROKEN);
    });
    this.removal = this.smallBatch((content) => {
      content.newTable(TABLE, -1, ""); // deleting a missing one would be an error
      content.deleteTable(TABLE);
    });
    // A batch goes to the kernel in one piece, which must fit the send buffer. The kernel doubles
    // the size.
    this.scratch.view.setInt32(OPTION_AT, this.beginning.content.length, true);
    // When refused, an aircraft with thousands of VIPs gets EMSGSIZE from `install`.
    libc.setsockopt(
      this.netlink.fd,
      SOL_SOCKET,
      SO_SNDBUFFORCE,
      this.scratch.address + OPTION_AT,
      4,
    );
    this.scratch.bytes.set(this.key.subarray(0, INTERFACE_NAME_BYTES - 1));
  }

  /**
   * Start-up: installs the filter and finds out what the kernel can do. It replaces the filter of
   * an earlier run in one step, so that the filter is never open. Afterwards there is no lease:
   * VIPs are silent until {@link begin}. Throws a SystemError that names what is missing; then the
   * filter of an earlier run is unchanged.
   */
  install(): void {
    requireInterface(this.interfaceName);
    this.interfaceIndex = this.currentInterfaceIndex();
    let tableFlags = this.asOlderKernel ? 0 : TABLE_OWNED | TABLE_PERSISTS;
    let { batch, places } = this.filter(tableFlags, false);
    let refused = this.carryOut(batch);
    if (
      (refused === EOPNOTSUPP || refused === EINVAL) &&
      tableFlags !== 0 &&
      this.exchange.failedPlace === places.newTable
    ) {
      tableFlags = 0;
      ({ batch, places } = this.filter(tableFlags, false));
      refused = this.carryOut(batch);
    }
    if (refused !== 0)
      throw new SystemError(
        "VIP lease",
        refused,
        missingPart(refused, this.exchange.failedPlace, places),
      );
    this.isProtected = tableFlags !== 0;
    this.beginning = this.filter(tableFlags, true).batch;
    this.canRenewInPlace = !this.asOlderKernel && this.movesExpiration();
    this.renewal = this.renewalBatch();
  }

  /**
   * Begins a lease unconditionally, for a server that has no VIP up and has not begun to listen for
   * others. Rebuilds the filter, which repairs it after somebody deleted it or the interface was
   * replaced. Returns 0 or errno: ENODEV while there is no interface.
   */
  begin(): number {
    this.interfaceIndex = this.currentInterfaceIndex();
    if (this.interfaceIndex === 0) return ENODEV;
    this.renewedUs = nowUs();
    this.lengthMs = this.leaseMs;
    return this.carryOut(this.beginning);
  }

  /**
   * Makes the running lease end `lengthMs` from now, at most `leaseMs`, even if that is earlier
   * than before. `beganUs`: when it was granted, a moment ago. Returns 0 or errno: ENOENT when the
   * lease had run out (or the filter is gone); ETIME when the renewal took so long that it would
   * have, and the lease is taken back; ENODEV when the interface is not the one that it began on.
   * In all these cases others may own the VIPs by now: let go of everything, then {@link begin}
   * again. A renewal takes about 10 µs; a refused one up to some tens of ms, in which the kernel
   * rolls the batch back.
   */
  renew(lengthMs: number = this.leaseMs, beganUs = nowUs()): number {
    assert(lengthMs > 0 && lengthMs <= this.leaseMs, "length of a renewal");
    if (this.currentInterfaceIndex() !== this.interfaceIndex) return ENODEV;
    const { content, expirationsAt } = this.renewal;
    for (let i = 0; i < expirationsAt.length; i++)
      content.setExpiration(expirationsAt[i] as number, lengthMs);
    const refused = this.carryOut(this.renewal);
    if (refused !== 0) return refused;
    const renewedUs = nowUs();
    const isLate =
      renewedUs - this.renewedUs > this.lengthMs * 1000 ||
      renewedUs - beganUs > LEASE_LATENESS_MS * 1000;
    this.renewedUs = beganUs;
    this.lengthMs = lengthMs;
    if (!isLate) return 0;
    // This process stood still inside the call, between the kernel's check and its renewal.
    this.lapse();
    return ETIME;
  }

  /**
   * Ends the lease at once: VIPs are silent when this returns. Returns 0, also when there was none,
   * or errno.
   */
  lapse(): number {
    return this.carryOut(this.lapsing);
  }

  /**
   * Removes the filter: every address answers. For an orderly end, after the VIPs are down. Throws
   * a SystemError.
   */
  remove(): void {
    const refused = this.carryOut(this.removal);
    if (refused !== 0)
      throw new SystemError("VIP lease", refused, `table ${TABLE} cannot be removed`);
  }

  /** Closes the socket; the filter stays, and silences the VIPs when the lease runs out. */
  close(): void {
    this.netlink.close();
  }

  /**
   * 0 when there is none. Asked through the netlink socket, which belongs to the filter's network
   * namespace.
   */
  private currentInterfaceIndex(): number {
    if (libc.ioctl(this.netlink.fd, SIOCGIFINDEX, this.scratch.address) !== 0) return 0;
    return this.scratch.view.getInt32(INTERFACE_NAME_BYTES, true);
  }

  private carryOut(batch: Batch): number {
    return this.exchange.carryOut(batch);
  }

  /** Whether adding an element again moves its expiration. */
  private movesExpiration(): boolean {
    const add = (expirationMs: number): Batch =>
      this.smallBatch((content) =>
        content.newExpiringElement(TABLE, SET_UNBROKEN, this.key, TRIAL_TIMEOUT_MS, expirationMs),
      );
    let refused = this.carryOut(add(TRIAL_EXPIRATION_MS));
    if (refused === 0) refused = this.carryOut(add(TRIAL_TIMEOUT_MS));
    let expirationMs = -1;
    if (refused === 0) {
      const request = new Batch(SMALL_BATCH_BYTES, 0);
      request.content.dumpElements(TABLE, SET_UNBROKEN);
      refused = this.netlink.dump(request.memory, request.content.length, {
        begin: () => {
          expirationMs = -1;
        },
        message: (view, _bytes, at, length) => {
          // the last message has none
          expirationMs = Math.max(expirationMs, elementExpirationMs(view, at, length));
        },
      });
    }
    if (refused === 0) refused = this.lapse();
    if (refused !== 0)
      throw new SystemError("VIP lease", refused, "nftables keeps no expiring elements");
    return expirationMs > TRIAL_EXPIRATION_MS;
  }

  private filter(tableFlags: number, withLease: boolean): { batch: Batch; places: FilterPlaces } {
    const byteLength = filterBytesMax(this.ipv4.length / 4 + this.ipv6.length / 16);
    const batch = new Batch(byteLength, this.netlink.takeSequence(SEQUENCES));
    batch.content.begin();
    const places = encodeVipFilter(
      batch.content,
      tableFlags,
      this.interfaceName,
      this.ipv4,
      this.ipv6,
    );
    if (withLease) {
      this.addElement(batch.content, SET_UNBROKEN);
      this.addElement(batch.content, SET_LEASE);
    }
    batch.content.end();
    assert(batch.content.count <= SEQUENCES, "sequence numbers of the filter");
    return { batch, places };
  }

  private renewalBatch(): Batch {
    const expirationsAt: number[] = [];
    const batch = this.smallBatch((content) => {
      if (this.canRenewInPlace) {
        content.deleteElement(TABLE, SET_UNBROKEN, this.key);
        expirationsAt.push(this.addElement(content, SET_UNBROKEN));
      } else {
        // Replaces the lease element. Before Linux 6.17 a packet that passes at that very moment
        // may see neither element and be lost.
        content.deleteElement(TABLE, SET_LEASE, this.key);
      }
      expirationsAt.push(this.addElement(content, SET_LEASE));
    });
    batch.expirationsAt.push(...expirationsAt);
    return batch;
  }

  private addElement(content: NftablesBatch, set: string): number {
    return content.newExpiringElement(TABLE, set, this.key, this.leaseMs, this.leaseMs);
  }

  private smallBatch(write: (content: NftablesBatch) => void): Batch {
    const batch = new Batch(SMALL_BATCH_BYTES, this.netlink.takeSequence(SEQUENCES));
    batch.content.begin();
    write(batch.content);
    batch.content.end();
    return batch;
  }
}

/**
 * Describes what the kernel lacks, or what else is in the way, when message `place` of the filter's
 * batch was refused.
 */
export function missingPart(errno: number, place: number, places: FilterPlaces): string {
  if (place === 0) {
    return errno === EPERM
      ? "needs CAP_NET_ADMIN"
      : "this kernel has no nftables (CONFIG_NF_TABLES)";
  }
  if (place < places.newTable) {
    return errno === EPERM
      ? `table ${TABLE} belongs to another process that runs (see: nft list tables)`
      : "this kernel has no nftables (CONFIG_NF_TABLES)";
  }
  if (place === places.ingress)
    return "nftables has no netdev ingress hook (CONFIG_NF_TABLES_NETDEV, CONFIG_NETFILTER_INGRESS)";
  if (place === places.egress)
    return "nftables has no netdev egress hook (Linux 5.16, CONFIG_NETFILTER_EGRESS)";
  return "nftables refuses a part of the packet filter";
}
