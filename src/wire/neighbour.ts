/**
 * Neighbour advertisements (RFC 4861), as whole frames: our own, and those that are heard of other
 * hosts.
 *
 * The unsolicited one tells every host of the client network which server answers for an IPv6 VIP
 * now (RFC 4861, sections 4.4 and 7.2.6). The override flag makes hosts replace the link-layer
 * address that they hold.
 *
 * | offset | bytes | field                                                         |
 * |--------|-------|---------------------------------------------------------------|
 * | 0      | 6     | Ethernet destination: 33:33:00:00:00:01 (RFC 2464, section 7) |
 * | 6      | 6     | Ethernet source: the server's interface                       |
 * | 12     | 2     | EtherType 0x86dd                                              |
 * | 14     | 4     | IPv6 version 6, traffic class 0, flow label 0                 |
 * | 18     | 2     | payload length 32                                             |
 * | 20     | 1     | next header 58, ICMPv6                                        |
 * | 21     | 1     | hop limit 255: proof that no router passed it on              |
 * | 22     | 16    | source: the VIP                                               |
 * | 38     | 16    | destination: ff02::1, all nodes                               |
 * | 54     | 1     | ICMPv6 type 136                                               |
 * | 55     | 1     | code 0                                                        |
 * | 56     | 2     | checksum over pseudo header and message (RFC 8200, section 8.1) |
 * | 58     | 4     | flags: router 0, solicited 0, override 1; reserved 0          |
 * | 62     | 16    | target: the VIP                                               |
 * | 78     | 2     | option 2, target link-layer address, length 1 (8 bytes)       |
 * | 80     | 6     | the server's interface                                        |
 *
 * 86 bytes; network order.
 */
import { addChecksum, type Bytes, copyBytes, foldChecksum } from "./bytes.ts";

export const NEIGHBOUR_ADVERTISEMENT_BYTES = 86;

/** The address that an advertisement announces. */
export const ADVERTISED_AT = 62;

const ETHERNET_SOURCE_AT = 6;
const ETHER_TYPE_AT = 12;
const PAYLOAD_BYTES_AT = 18;
const NEXT_HEADER_AT = 20;
const HOP_LIMIT_AT = 21;
const SOURCE_AT = 22;
const ICMP_AT = 54;
const OPTIONS_AT = 78;
const OPTION_UNIT_BYTES = 8;
/** Shortest advertisement: without options. */
const ADVERTISEMENT_BYTES_MIN = OPTIONS_AT - ICMP_AT;
const TYPE_ADVERTISEMENT = 136;
const OPTION_TARGET_LINK_LAYER = 2;
const ICMP_BYTES = NEIGHBOUR_ADVERTISEMENT_BYTES - ICMP_AT;
const NEXT_HEADER_ICMPV6 = 58;

const ALL_NODES_ETHERNET = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
const ETHER_TYPE_AND_IPV6 = Uint8Array.of(
  0x86,
  0xdd,
  0x60,
  0,
  0,
  0,
  0,
  ICMP_BYTES,
  NEXT_HEADER_ICMPV6,
  255,
);
const ALL_NODES = Uint8Array.of(0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const ADVERTISEMENT_OVERRIDE = Uint8Array.of(TYPE_ADVERTISEMENT, 0, 0, 0, 0x20, 0, 0, 0);
const TARGET_LINK_LAYER_ADDRESS = Uint8Array.of(OPTION_TARGET_LINK_LAYER, 1);

/**
 * Writes the advertisement of the 16-byte `address` at `frameAt`; `hardware` holds the 6 bytes of
 * the interface's address.
 */
export function encodeNeighbourAdvertisement(
  frame: Bytes,
  frameAt: number,
  hardware: Bytes,
  address: Bytes,
  addressAt: number,
): void {
  copyBytes(frame, frameAt, ALL_NODES_ETHERNET, 0, 6);
  copyBytes(frame, frameAt + 6, hardware, 0, 6);
  copyBytes(frame, frameAt + 12, ETHER_TYPE_AND_IPV6, 0, 10);
  copyBytes(frame, frameAt + SOURCE_AT, address, addressAt, 16);
  copyBytes(frame, frameAt + 38, ALL_NODES, 0, 16);
  copyBytes(frame, frameAt + ICMP_AT, ADVERTISEMENT_OVERRIDE, 0, 8);
  copyBytes(frame, frameAt + ADVERTISED_AT, address, addressAt, 16);
  copyBytes(frame, frameAt + OPTIONS_AT, TARGET_LINK_LAYER_ADDRESS, 0, 2);
  copyBytes(frame, frameAt + 80, hardware, 0, 6);
  // Pseudo header: both addresses, which are adjacent in the packet, then length and next header.
  const pseudoHeader = addChecksum(frame, frameAt + SOURCE_AT, 32, ICMP_BYTES + NEXT_HEADER_ICMPV6);
  const checksum = foldChecksum(addChecksum(frame, frameAt + ICMP_AT, ICMP_BYTES, pseudoHeader));
  frame[frameAt + ICMP_AT + 2] = checksum >>> 8;
  frame[frameAt + ICMP_AT + 3] = checksum & 0xff;
}

/**
 * Offset of the hardware address that a neighbour advertisement, solicited or not, gives for the
 * address at {@link ADVERTISED_AT}, in a received frame of `length` bytes: in its option, otherwise
 * the sender's of the frame. −1 for anything but a valid advertisement (RFC 4861, section 7.1.2):
 * whole, hop limit 255, code 0, right checksum, options with a length. Extension headers are not
 * skipped. Bytes after the packet are padding. No garbage.
 */
export function decodeNeighbourAdvertisement(frame: Bytes, length: number): number {
  if (length < ICMP_AT + ADVERTISEMENT_BYTES_MIN || length > frame.length) return -1;
  if (frame[ETHER_TYPE_AT] !== 0x86 || frame[ETHER_TYPE_AT + 1] !== 0xdd) return -1;
  if (frame[NEXT_HEADER_AT] !== NEXT_HEADER_ICMPV6 || frame[HOP_LIMIT_AT] !== 255) return -1;
  if (frame[ICMP_AT] !== TYPE_ADVERTISEMENT || frame[ICMP_AT + 1] !== 0) return -1;
  const payload =
    ((frame[PAYLOAD_BYTES_AT] as number) << 8) | (frame[PAYLOAD_BYTES_AT + 1] as number);
  const end = ICMP_AT + payload;
  if (payload < ADVERTISEMENT_BYTES_MIN || end > length) return -1;
  const pseudoHeader = addChecksum(frame, SOURCE_AT, 32, payload + NEXT_HEADER_ICMPV6);
  if (foldChecksum(addChecksum(frame, ICMP_AT, payload, pseudoHeader)) !== 0) return -1;
  let hardwareAt = ETHERNET_SOURCE_AT;
  for (let at = OPTIONS_AT; at < end; ) {
    if (at + OPTION_UNIT_BYTES > end) return -1;
    const optionBytes = OPTION_UNIT_BYTES * (frame[at + 1] as number);
    if (optionBytes === 0 || at + optionBytes > end) return -1;
    if (frame[at] === OPTION_TARGET_LINK_LAYER) hardwareAt = at + 2;
    at += optionBytes;
  }
  return hardwareAt;
}
