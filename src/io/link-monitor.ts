import { assert } from "../assert.ts";
import type { Vip } from "../config/model.ts";
import { FUNCTIONS_MAX, RECEIVES_PER_TURN_MAX } from "../limits.ts";
import { sameBytes } from "../wire/bytes.ts";
import {
  encodeLinkDump,
  findAttribute,
  GROUP_IPV4_ADDRESS,
  GROUP_IPV6_ADDRESS,
  GROUP_LINK,
  IFLA_IFNAME,
  LINK_HEADER_BYTES,
  linkCarrierChanges,
  linkHasCarrier,
  linkInterface,
  messageLength,
  messageType,
  NETLINK_ROUTE,
  nextMessage,
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
} from "../wire/rtnetlink.ts";
import { ABSENT, AddressDump, BESIDE, findVip, standingOf } from "./address-dump.ts";
import { CarrierCounts, UNKNOWN_COUNT } from "./carrier-count.ts";
import { EAGAIN, SystemError } from "./errno.ts";
import { ForeignAddresses } from "./foreign-addresses.ts";
import { NativeMemory, nativeString } from "./native-memory.ts";
import { type DumpReader, NetlinkSocket } from "./netlink-socket.ts";
import { requireInterface } from "./network-interface.ts";
import { VipTable } from "./vip-table.ts";

/**
 * The kernel charges about 1 KiB per change of an address: room for two changes of a thousand VIPs
 * between two polls.
 */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Place of the client interface, which carries the VIPs, in the list of watched ones. */
const CLIENT_INTERFACE = 0;
const NO_INTERFACE = 0;

/**
 * Watches interfaces, and the VIPs on the first of them, the client interface, by the kernel's
 * notifications. Interfaces are identified by name: one may disappear and return.
 *
 * `fd` becomes readable when there is something to {@link poll}. Everything after the constructor
 * is free of garbage.
 */
export class LinkMonitor implements DumpReader {
  readonly fd: number;
  /**
   * 1 for each function of which a VIP was deleted from the client interface since the caller last
   * set it to 0. Either somebody else or this server deleted it; the caller can tell.
   */
  readonly removed = new Uint8Array(new ArrayBuffer(FUNCTIONS_MAX));
  /**
   * 1 for each interface (by its place) that has or may have lost its carrier or been replaced
   * since the caller last set it to 0: `carrier` only gives the current state.
   */
  readonly lost: Uint8Array<ArrayBuffer>;
  /**
   * The kernel had to drop notifications: the caller calls {@link resynchronise}, which clears it.
   */
  overflowed = false;

  /** VIPs that somebody else set on this server, on any interface. */
  readonly foreign: ForeignAddresses;

  readonly table: VipTable;
  private readonly notifications: NetlinkSocket;
  private readonly questions: NetlinkSocket;
  private readonly addresses: AddressDump;
  private readonly request = new NativeMemory(64);
  private readonly names: readonly NativeMemory[];
  /** Index of each watched interface, NO_INTERFACE while it does not exist. */
  private readonly indexes: Int32Array<ArrayBuffer>;
  /** 1 where the kernel reported a carrier, and the count of changes at that time (−1: unknown). */
  private readonly carriers: Uint8Array<ArrayBuffer>;
  private readonly reportedChanges: Float64Array<ArrayBuffer>;
  private readonly counts: CarrierCounts;
  /** 1 where a carrier is lost and the kernel has not reported it yet. */
  private readonly untold: Uint8Array<ArrayBuffer>;
  /** 1 for each interface that the current dump has shown. */
  private readonly seen: Uint8Array<ArrayBuffer>;
  /** State of the client interface before a dump, for comparison. */
  private readonly before: Uint8Array<ArrayBuffer>;
  /** The client interface was replaced: its addresses must be looked up. */
  private clientChanged = false;
  private changes = 0;

  /**
   * Throws a SystemError when the client interface, `interfaceNames[0]`, does not exist; the others
   * may appear later.
   */
  constructor(interfaceNames: readonly string[], vipsOfFunction: readonly (readonly Vip[])[]) {
    assert(interfaceNames.length >= 1, "there is a client interface");
    requireInterface(interfaceNames[CLIENT_INTERFACE] as string);
    this.table = new VipTable(vipsOfFunction);
    this.names = interfaceNames.map(nativeString);
    this.indexes = new Int32Array(new ArrayBuffer(4 * interfaceNames.length));
    this.carriers = new Uint8Array(new ArrayBuffer(interfaceNames.length));
    this.reportedChanges = new Float64Array(new ArrayBuffer(8 * interfaceNames.length));
    this.counts = new CarrierCounts(interfaceNames);
    this.untold = new Uint8Array(new ArrayBuffer(interfaceNames.length));
    this.lost = new Uint8Array(new ArrayBuffer(interfaceNames.length));
    this.seen = new Uint8Array(new ArrayBuffer(interfaceNames.length));
    this.notifications = new NetlinkSocket(
      NETLINK_ROUTE,
      GROUP_LINK | GROUP_IPV4_ADDRESS | GROUP_IPV6_ADDRESS,
      RECEIVE_BUFFER_BYTES,
    );
    this.fd = this.notifications.fd;
    this.questions = new NetlinkSocket(NETLINK_ROUTE, 0, RECEIVE_BUFFER_BYTES);
    this.foreign = new ForeignAddresses(this.table);
    this.addresses = new AddressDump(this.questions, this.table, this.foreign);
    this.before = new Uint8Array(new ArrayBuffer(this.addresses.state.length));
    const refused = this.resynchronise();
    if (refused !== 0) throw new SystemError("netlink dump", refused);
    this.removed.fill(0);
    this.lost.fill(0);
  }

  /** Number of watched interfaces. */
  get count(): number {
    return this.names.length;
  }

  /**
   * Whether the interface (by its place) is up and has a carrier. False while it does not exist.
   */
  carrier(place: number): boolean {
    return this.carriers[place] === 1 && this.untold[place] === 0;
  }

  /**
   * Checks, without waiting, for carrier losses that the kernel has not reported yet: its report
   * may take a second. Returns the number of carriers that this changed.
   */
  lookAtCarriers(): number {
    let changes = 0;
    for (let place = 0; place < this.names.length; place++) {
      const untold = this.isLossUnreported(place) ? 1 : 0;
      if (this.untold[place] === untold) continue;
      this.untold[place] = untold;
      changes++;
    }
    return changes;
  }

  /** Losses and returns alternate: an odd number of changes since the last report means a loss. */
  private isLossUnreported(place: number): boolean {
    const told = this.reportedChanges[place] as number;
    if (this.carriers[place] === 0 || told < 0) return false;
    const count = this.counts.read(place);
    return count !== UNKNOWN_COUNT && count > told && (count - told) % 2 === 1;
  }

  /**
   * Whether all VIPs of the function are on the client interface, either with our mark or as a
   * foreign address that keeps ours out.
   */
  present(index: number): boolean {
    const end = this.table.firstOf[index + 1] as number;
    for (let vip = this.table.firstOf[index] as number; vip < end; vip++) {
      const standing = this.addresses.state[vip];
      if (standing === ABSENT || standing === BESIDE) return false;
    }
    return true;
  }

  /**
   * Takes the kernel's new notifications, at most RECEIVES_PER_TURN_MAX datagrams; unread ones keep
   * `fd` readable. Updates `carrier`, `present` and `removed`, and returns the number of changes to
   * them.
   */
  poll(): number {
    this.changes = 0;
    for (let datagrams = 0; datagrams < RECEIVES_PER_TURN_MAX; datagrams++) {
      const end = this.notifications.receive(false);
      if (end === -EAGAIN) break;
      if (end < 0) this.overflowed = true;
      this.takeMessages(end);
      if (this.clientChanged && this.lookAtAddresses() !== 0) this.overflowed = true;
    }
    return this.changes;
  }

  private takeMessages(end: number): void {
    const { view, bytes } = this.notifications.received;
    for (let at = 0; ; ) {
      const length = messageLength(view, at, end);
      if (length === 0) return;
      const type = messageType(view, at);
      if (type === RTM_NEWLINK) this.takeLink(view, bytes, at, length);
      else if (type === RTM_DELLINK) this.takeLinkGone(view, at, length);
      else if (type === RTM_NEWADDR) this.takeAddress(view, bytes, at, length);
      else if (type === RTM_DELADDR) this.takeAddressGone(view, bytes, at, length);
      at = nextMessage(at, length);
    }
  }

  /**
   * Reads the whole state again, links and addresses, after an overflow or when in doubt. VIPs that
   * have disappeared are reported in `removed`. Returns 0 or the errno of a failed dump; then
   * `overflowed` stays set.
   */
  resynchronise(): number {
    this.changes = 0;
    // older than the dumps; what arrives during the dumps is processed after them and ends up right
    this.notifications.discard();
    this.lost.fill(1); // all are uncertain
    const refused = this.questions.dump(this.request, encodeLinkDump(this.request.view, 0), this);
    if (refused !== 0) return refused;
    for (let place = 0; place < this.names.length; place++) {
      if (this.seen[place] === 0) this.setInterface(place, NO_INTERFACE, false);
    }
    const outcome = this.lookAtAddresses();
    if (outcome === 0) this.overflowed = false;
    return outcome;
  }

  private lookAtAddresses(): number {
    const client = this.indexes[CLIENT_INTERFACE] as number;
    const { state } = this.addresses;
    this.clientChanged = false;
    this.before.set(state);
    const outcome = this.addresses.look(client);
    if (outcome !== 0) {
      state.set(this.before);
      return outcome;
    }
    for (let vip = 0; vip < this.table.count; vip++) {
      const was = this.before[vip] as number;
      if (was !== ABSENT && was !== BESIDE && (state[vip] === ABSENT || state[vip] === BESIDE))
        this.report(vip);
    }
    return 0;
  }

  private report(vip: number): void {
    this.removed[this.table.functionOf[vip] as number] = 1;
    this.changes++;
  }

  private setInterface(place: number, index: number, carrier: boolean): void {
    if (this.indexes[place] !== index) {
      this.indexes[place] = index;
      this.counts.reopen(place);
      this.lost[place] = 1;
      if (place === CLIENT_INTERFACE) this.clientChanged = true;
      this.changes++;
    }
    const value = carrier ? 1 : 0;
    if (this.carriers[place] !== value) {
      this.carriers[place] = value;
      if (!carrier) this.lost[place] = 1;
      this.changes++;
    }
  }

  private takeLink(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    const index = linkInterface(view, at, length);
    if (index === NO_INTERFACE) return;
    for (let place = 0; place < this.names.length; place++) {
      const name = (this.names[place] as NativeMemory).bytes; // with its terminating zero
      const nameAt = findAttribute(view, at, length, LINK_HEADER_BYTES, IFLA_IFNAME, name.length);
      if (nameAt >= 0 && sameBytes(bytes, nameAt, name, 0, name.length)) {
        this.seen[place] = 1;
        this.setInterface(place, index, linkHasCarrier(view, at));
        this.reportedChanges[place] = linkCarrierChanges(view, at, length);
      } else if (this.indexes[place] === index) {
        this.setInterface(place, NO_INTERFACE, false); // it was renamed
      }
    }
  }

  private takeLinkGone(view: DataView, at: number, length: number): void {
    const index = linkInterface(view, at, length);
    if (index === NO_INTERFACE) return;
    for (let place = 0; place < this.names.length; place++) {
      if (this.indexes[place] === index) this.setInterface(place, NO_INTERFACE, false);
    }
  }

  private takeAddress(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    this.foreign.take(view, bytes, at, length);
    const vip = findVip(
      this.table,
      view,
      bytes,
      at,
      length,
      this.indexes[CLIENT_INTERFACE] as number,
    );
    if (vip < 0) return;
    const { state } = this.addresses;
    const standing = standingOf(this.table, vip, view, at, length);
    if (state[vip] === standing || (standing === BESIDE && state[vip] !== ABSENT)) return;
    state[vip] = standing;
    this.changes++;
  }

  private takeAddressGone(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    if (this.foreign.takeGone(view, bytes, at, length)) this.overflowed = true;
    const vip = findVip(
      this.table,
      view,
      bytes,
      at,
      length,
      this.indexes[CLIENT_INTERFACE] as number,
    );
    if (vip < 0) return;
    const { state } = this.addresses;
    if (standingOf(this.table, vip, view, at, length) !== BESIDE) {
      state[vip] = ABSENT;
      this.report(vip);
    } else if (state[vip] === BESIDE) {
      state[vip] = ABSENT;
    }
  }

  // DumpReader of the links.
  begin(): void {
    this.seen.fill(0);
  }

  // DumpReader of the links.
  message(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    if (messageType(view, at) === RTM_NEWLINK) this.takeLink(view, bytes, at, length);
  }

  close(): void {
    this.notifications.close();
    this.questions.close();
    this.counts.close();
  }
}
