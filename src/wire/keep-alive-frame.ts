/**
 * The frame in which a keep-alive travels: Ethernet (RFC 1112, section 6.4), IPv4 (RFC 791), UDP
 * (RFC 768), then the datagram of wire/keep-alive. Built and parsed here instead of by
 * the kernel's IP, whose tables any host of the cabin can fill: neighbours, connections, memory of
 * UDP sockets.
 *
 * | offset | bytes | field                                                      |
 * |--------|-------|------------------------------------------------------------|
 * | 0      | 6     | Ethernet destination: 01:00:5e and 23 bits of the group    |
 * | 6      | 6     | Ethernet source: the sender's interface                    |
 * | 12     | 2     | EtherType 0x0800                                           |
 * | 14     | 20    | IPv4 without options, unfragmented, time to live 1         |
 * | 26     | 4     | source address; 0.0.0.0 where the interface has none       |
 * | 30     | 4     | the group                                                  |
 * | 34     | 8     | UDP: both ports, length, checksum 0 = none: the seal is one |
 *
 * Also the report that makes switches forward a group to a port: IGMPv2 (RFC 2236).
 */
import { type Bytes, copyBytes } from "./bytes.ts";
import {
  KEEP_ALIVE_BYTES,
  KEEP_ALIVE_MAGIC,
  KEEP_ALIVE_VERSION,
  KEEP_ALIVE_VERSION_BEFORE,
} from "./keep-alive.ts";
import {
  ANCILLARY,
  DROP,
  encodeProgram,
  JUMP_IF_ANY_BIT,
  JUMP_IF_EQUAL,
  KEEP_ALL,
  LOAD_BYTE,
  LOAD_HALF,
  LOAD_WORD,
  RETURN,
} from "./packet-program.ts";

/** Offset of the datagram in its frame. */
export const DATAGRAM_AT = 42;
export const FRAME_SOURCE_HARDWARE_AT = 6;
export const FRAME_PORT_AT = 36;
export const ETHER_TYPE_IPV4 = 0x0800;

export const GROUP_REPORT_BYTES = 46;

const IP_AT = 14;
const SOURCE_AT = 26;
const GROUP_AT = 30;
const UDP_AT = 34;
const TIME_TO_LIVE = 1;
const IPPROTO_UDP = 17;
const IPPROTO_IGMP = 2;
const DO_NOT_FRAGMENT = 0x4000;
/** Mask of the flags and the offset: non-zero for a fragment. */
const FRAGMENT = 0x3fff;
const VLAN_TAG_PRESENT = ANCILLARY + 48;
/** Router alert, RFC 2113: IGMP carries it (RFC 2236, section 2). */
const ROUTER_ALERT = 0x9404_0000;
const MEMBERSHIP_REPORT = 0x16;

/**
 * Writes the head of a keep-alive's frame, whose datagram of KEEP_ALIVE_BYTES follows at
 * DATAGRAM_AT. `source`, `group`: 4 bytes each; `hardware`: 6.
 */
export function encodeFrameHead(
  view: DataView,
  bytes: Bytes,
  hardware: Bytes,
  source: Bytes,
  group: Bytes,
  port: number,
): void {
  const udpBytes = DATAGRAM_AT - UDP_AT + KEEP_ALIVE_BYTES;
  putEthernet(view, bytes, hardware, group);
  putIp(view, bytes, 5, udpBytes, IPPROTO_UDP, source, group);
  view.setUint16(UDP_AT, port);
  view.setUint16(UDP_AT + 2, port);
  view.setUint16(UDP_AT + 4, udpBytes);
  view.setUint16(UDP_AT + 6, 0);
}

/** Writes the frame that reports this host's group membership to switches: GROUP_REPORT_BYTES. */
export function encodeGroupReport(
  view: DataView,
  bytes: Bytes,
  hardware: Bytes,
  source: Bytes,
  group: Bytes,
): void {
  const igmpAt = IP_AT + 24;
  putEthernet(view, bytes, hardware, group);
  view.setUint32(IP_AT + 20, ROUTER_ALERT);
  putIp(view, bytes, 6, 8, IPPROTO_IGMP, source, group);
  view.setUint16(igmpAt, MEMBERSHIP_REPORT << 8);
  view.setUint16(igmpAt + 2, 0);
  copyBytes(bytes, igmpAt + 4, group, 0, 4);
  view.setUint16(igmpAt + 2, checksum(view, igmpAt, 8));
}

function putEthernet(view: DataView, bytes: Bytes, hardware: Bytes, group: Bytes): void {
  view.setUint16(0, 0x0100);
  view.setUint8(2, 0x5e);
  view.setUint8(3, (group[1] as number) & 0x7f);
  copyBytes(bytes, 4, group, 2, 2);
  copyBytes(bytes, FRAME_SOURCE_HARDWARE_AT, hardware, 0, 6);
  view.setUint16(12, ETHER_TYPE_IPV4);
}

/**
 * @param words length of the head in units of 4 bytes; words after the fifth are already written
 */
function putIp(
  view: DataView,
  bytes: Bytes,
  words: number,
  contentBytes: number,
  protocol: number,
  source: Bytes,
  group: Bytes,
): void {
  view.setUint16(IP_AT, ((0x40 | words) << 8) | 0);
  view.setUint16(IP_AT + 2, 4 * words + contentBytes);
  view.setUint32(IP_AT + 4, DO_NOT_FRAGMENT); // identification 0: RFC 6864, section 4.1
  view.setUint16(IP_AT + 8, (TIME_TO_LIVE << 8) | protocol);
  view.setUint16(IP_AT + 10, 0);
  copyBytes(bytes, SOURCE_AT, source, 0, 4);
  copyBytes(bytes, GROUP_AT, group, 0, 4);
  view.setUint16(IP_AT + 10, checksum(view, IP_AT, 4 * words));
}

/** RFC 1071, over an even number of bytes. */
function checksum(view: DataView, at: number, byteCount: number): number {
  let sum = 0;
  for (let offset = 0; offset < byteCount; offset += 2) sum += view.getUint16(at + offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * Socket filter for frames that have the length and the begin of a keep-alive of this group, on any
 * port: one on a wrong port must be reported. The receiver checks system, sender and seal, and
 * counts each error separately; in the filter they would be hidden, and no forger would be stopped.
 */
export function keepAliveFrameFilter(group: Uint8Array): Uint8Array<ArrayBuffer> {
  const groupWord = new DataView(group.buffer, group.byteOffset).getUint32(0);
  return encodeProgram([
    [LOAD_WORD, 0, 0, VLAN_TAG_PRESENT],
    [JUMP_IF_EQUAL, 0, 16, 0],
    [LOAD_WORD, 0, 0, GROUP_AT],
    [JUMP_IF_EQUAL, 0, 14, groupWord],
    [LOAD_HALF, 0, 0, IP_AT + 6],
    [JUMP_IF_ANY_BIT, 12, 0, FRAGMENT],
    [LOAD_BYTE, 0, 0, IP_AT],
    [JUMP_IF_EQUAL, 0, 10, 0x45],
    [LOAD_BYTE, 0, 0, IP_AT + 9],
    [JUMP_IF_EQUAL, 0, 8, IPPROTO_UDP],
    [LOAD_HALF, 0, 0, UDP_AT + 4],
    [JUMP_IF_EQUAL, 0, 6, DATAGRAM_AT - UDP_AT + KEEP_ALIVE_BYTES],
    [LOAD_WORD, 0, 0, DATAGRAM_AT],
    [JUMP_IF_EQUAL, 0, 4, KEEP_ALIVE_MAGIC],
    [LOAD_BYTE, 0, 0, DATAGRAM_AT + 4],
    [JUMP_IF_EQUAL, 1, 0, KEEP_ALIVE_VERSION],
    [JUMP_IF_EQUAL, 0, 1, KEEP_ALIVE_VERSION_BEFORE],
    [RETURN, 0, 0, KEEP_ALL],
    [RETURN, 0, 0, DROP],
  ]);
}
