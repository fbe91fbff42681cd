/** For which VIP an Ethernet frame speaks (see one-answer). */
import { sameBytes } from "../../../src/wire/bytes.ts";

const ETHER_TYPE_AT = 12;
const ETHER_TYPE_IPV4 = 0x0800;
const ETHER_TYPE_ARP = 0x0806;
const ETHER_TYPE_IPV6 = 0x86dd;
const ARP_SENDER_AT = 28;
const IPV4_SOURCE_AT = 26;
const IPV6_NEXT_HEADER_AT = 20;
const IPV6_SOURCE_AT = 22;
const ICMPV6_TYPE_AT = 54;
const ADVERTISED_AT = 62;
const PROTOCOL_ICMPV6 = 58;
const NEIGHBOUR_ADVERTISEMENT = 136;

export const NO_VIP = -1;

/**
 * Number of the VIP for which the first `length` bytes of `frame` speak, or {@link NO_VIP}. `vips`:
 * addresses of 4 or 16 bytes.
 */
export function spokenFor(frame: Uint8Array, length: number, vips: readonly Uint8Array[]): number {
  const etherType = ((frame[ETHER_TYPE_AT] as number) << 8) | (frame[ETHER_TYPE_AT + 1] as number);
  if (etherType === ETHER_TYPE_ARP) return find(frame, length, ARP_SENDER_AT, 4, vips);
  if (etherType === ETHER_TYPE_IPV4) return find(frame, length, IPV4_SOURCE_AT, 4, vips);
  if (etherType !== ETHER_TYPE_IPV6) return NO_VIP;
  const bySource = find(frame, length, IPV6_SOURCE_AT, 16, vips);
  if (bySource !== NO_VIP) return bySource;
  const advertises =
    frame[IPV6_NEXT_HEADER_AT] === PROTOCOL_ICMPV6 &&
    frame[ICMPV6_TYPE_AT] === NEIGHBOUR_ADVERTISEMENT;
  return advertises ? find(frame, length, ADVERTISED_AT, 16, vips) : NO_VIP;
}

function find(
  frame: Uint8Array,
  length: number,
  at: number,
  size: number,
  vips: readonly Uint8Array[],
): number {
  if (length < at + size) return NO_VIP;
  for (let vip = 0; vip < vips.length; vip++) {
    const address = vips[vip] as Uint8Array;
    if (address.length === size && sameBytes(frame, at, address, 0, size)) return vip;
  }
  return NO_VIP;
}
