/**
 * Which frames a packet socket takes that watches who answers for VIPs: a program of the kernel's
 * classic packet filter (Documentation/networking/filter.rst), run for every frame before it is
 * copied. It takes
 *
 * - ARP replies, and ARP requests whose sender's address lies in the range of the IPv4 VIPs:
 *   announcements are requests, and most questions of seats are not looked at;
 * - ICMPv6 neighbour advertisements without extension headers;
 *
 * and none of these in another VLAN, or for another host (a capture on the same interface makes
 * those visible).
 *
 * A load counts from the Ethernet header.
 */
import { assert } from "../assert.ts";
import {
  ANCILLARY,
  DROP,
  encodeProgram,
  JUMP_IF_EQUAL,
  JUMP_IF_GREATER,
  JUMP_IF_GREATER_OR_EQUAL,
  KEEP_ALL,
  LOAD_BYTE,
  LOAD_HALF,
  LOAD_WORD,
  RETURN,
} from "./packet-program.ts";

const PACKET_TYPE = ANCILLARY + 4;
const VLAN_TAG_PRESENT = ANCILLARY + 48;
/** The last of PACKET_HOST 0, PACKET_BROADCAST 1 and PACKET_MULTICAST 2. */
const PACKET_MULTICAST = 2;

/**
 * Start-up: the program. `ipv4`: the IPv4 VIPs, 4 bytes each in a row, none or more.
 */
export function neighbourFilter(ipv4: Uint8Array): Uint8Array {
  assert(ipv4.length % 4 === 0, "addresses of 4 bytes");
  const view = new DataView(ipv4.buffer, ipv4.byteOffset, ipv4.length);
  let lowest = 0xffff_ffff;
  let highest = 0;
  for (let at = 0; at < ipv4.length; at += 4) {
    lowest = Math.min(lowest, view.getUint32(at));
    highest = Math.max(highest, view.getUint32(at));
  }
  return encodeProgram([
    [LOAD_WORD, 0, 0, VLAN_TAG_PRESENT],
    [JUMP_IF_EQUAL, 0, 15, 0],
    [LOAD_WORD, 0, 0, PACKET_TYPE],
    [JUMP_IF_GREATER, 13, 0, PACKET_MULTICAST],
    [LOAD_HALF, 0, 0, 12], // EtherType
    [JUMP_IF_EQUAL, 5, 0, 0x0806],
    [JUMP_IF_EQUAL, 0, 10, 0x86dd],
    [LOAD_BYTE, 0, 0, 20], // next header
    [JUMP_IF_EQUAL, 0, 8, 58],
    [LOAD_BYTE, 0, 0, 54], // ICMPv6 type
    [JUMP_IF_EQUAL, 5, 6, 136],
    [LOAD_HALF, 0, 0, 20], // ARP operation
    [JUMP_IF_EQUAL, 3, 0, 2],
    [LOAD_WORD, 0, 0, 28], // ARP sender's protocol address
    [JUMP_IF_GREATER_OR_EQUAL, 0, 2, lowest],
    [JUMP_IF_GREATER, 1, 0, highest],
    [RETURN, 0, 0, KEEP_ALL],
    [RETURN, 0, 0, DROP],
  ]);
}
