import {
  addressFamily,
  addressInterface,
  addressPrefixLength,
  encodeAddressDump,
  findAddress,
  hasOurMark,
  messageType,
  RTM_NEWADDR,
} from "../wire/rtnetlink.ts";
import type { ForeignAddresses } from "./foreign-addresses.ts";
import { AF_INET } from "./libc.ts";
import { NativeMemory } from "./native-memory.ts";
import type { DumpReader, NetlinkSocket } from "./netlink-socket.ts";
import type { VipTable } from "./vip-table.ts";

// What an interface has for a VIP.
export const ABSENT = 0;
/** The address with our mark. */
export const OURS = 1;
/** The address without our mark: the kernel refuses ours beside it. */
export const FOREIGN = 2;
/**
 * An IPv4 address of the same value with another prefix length: not ours; the kernel accepts ours
 * beside it.
 */
export const BESIDE = 3;

/** Finds out which VIPs are on an interface. Looking makes no garbage. */
export class AddressDump implements DumpReader {
  /**
   * State of each VIP at the last look: ABSENT, OURS, FOREIGN or BESIDE; BESIDE only where nothing
   * else is there.
   */
  readonly state: Uint8Array<ArrayBuffer>;
  private readonly request = new NativeMemory(32);
  private interfaceIndex = 0;

  constructor(
    private readonly netlink: NetlinkSocket,
    private readonly table: VipTable,
    /** Receives every address on all interfaces. */
    private readonly foreign: ForeignAddresses | null = null,
  ) {
    this.state = new Uint8Array(new ArrayBuffer(Math.max(1, table.count)));
  }

  /**
   * Fills `state`. Returns 0 or errno; after an error `state` is incomplete. An interface that is
   * gone has no addresses, and index 0 is none.
   */
  look(interfaceIndex: number): number {
    this.interfaceIndex = interfaceIndex;
    const refused = this.netlink.dump(this.request, encodeAddressDump(this.request.view, 0), this);
    if (refused === 0) this.foreign?.endDump();
    return refused;
  }

  begin(): void {
    this.state.fill(ABSENT);
    this.foreign?.beginDump();
  }

  message(view: DataView, bytes: Uint8Array, at: number, length: number): void {
    if (messageType(view, at) !== RTM_NEWADDR) return;
    this.foreign?.take(view, bytes, at, length);
    const vip = findVip(this.table, view, bytes, at, length, this.interfaceIndex);
    if (vip < 0) return;
    const standing = standingOf(this.table, vip, view, at, length);
    if (standing !== BESIDE || this.state[vip] === ABSENT) this.state[vip] = standing;
  }
}

/** Classifies the address in an address message that equals `vip`: OURS, FOREIGN or BESIDE. */
export function standingOf(
  table: VipTable,
  vip: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const samePrefixLength = addressPrefixLength(view, at) === table.prefixLength[vip];
  // IPv6 has no second one
  if (!samePrefixLength) return table.family[vip] === AF_INET ? BESIDE : FOREIGN;
  return hasOurMark(view, at, length) ? OURS : FOREIGN;
}

/** The VIP named by an address message for `interfaceIndex`, or −1. No garbage. */
export function findVip(
  table: VipTable,
  view: DataView,
  bytes: Uint8Array,
  at: number,
  length: number,
  interfaceIndex: number,
): number {
  const addressAt = findAddress(view, at, length);
  if (addressAt < 0 || addressInterface(view, at) !== interfaceIndex) return -1;
  return table.find(bytes, addressAt, addressFamily(view, at));
}
